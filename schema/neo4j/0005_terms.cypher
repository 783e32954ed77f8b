// The server store, version 5: texts are searched by terms: stems, versions and pairs of ideographs beside words, the
// reasons of options beside their names.
//
// No server finds terms as graphmem does: graphmem reads each statement, writes its terms, and counts them anew. A run that
// was broken off is repeated from the beginning.
