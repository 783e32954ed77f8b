// The server store, version 9: memories about symbols are found by the files with which the symbols' names begin.
//
// Nothing but filter tokens changes. graphmem reads the statements about symbols and writes their filter tokens anew. A
// run that was broken off is repeated from the beginning.
