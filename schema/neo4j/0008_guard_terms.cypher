// The server store, version 8: terms by which guard finds the memories that a change of code may concern.
//
// After this statement graphmem reads the statements that have options, a subject or a mandate, and writes their terms.
// A run that was broken off is repeated from the beginning.

CREATE CONSTRAINT graphmem_guard_term IF NOT EXISTS FOR (g:GuardTerm) REQUIRE (g.tenant, g.term) IS UNIQUE;
