// The server store, version 3: content hashes are made anew, so that two statements that differ have two.
//
// No server hashes as graphmem does: after these statements graphmem reads each statement and writes its hash. A run that
// was broken off is repeated from the beginning.

MATCH (a:Anchor {repo: ''}) CALL (a) { REMOVE a.repo } IN TRANSACTIONS OF 5000 ROWS;
