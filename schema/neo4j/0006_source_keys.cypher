// The server store, version 6: where sources have the statements of memories, as nodes of their own.
//
// Before, the key was kept in the statement, as a file that the memory was about. After these statements graphmem reads
// each such statement, writes its key, and makes anew what follows from the statement; then it counts terms anew. A run
// that was broken off is repeated from the beginning.

CREATE CONSTRAINT graphmem_source_key IF NOT EXISTS FOR (s:SourceKey) REQUIRE (s.tenant, s.key) IS UNIQUE;
