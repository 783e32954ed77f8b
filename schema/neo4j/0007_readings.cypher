// The server store, version 7: the entries that read the mainline of a repository, found by the repository.

CREATE INDEX graphmem_change_mainline IF NOT EXISTS FOR (c:Change) ON (c.tenant, c.mainline_of);
