-- The embedded store, version 6: the entries that read the mainline of a repository, found by the repository.

CREATE TABLE reading (
  tenant INTEGER NOT NULL,
  repo TEXT NOT NULL, -- '' for the whole tenant
  seq INTEGER NOT NULL,
  PRIMARY KEY (tenant, repo, seq)
) STRICT, WITHOUT ROWID;
