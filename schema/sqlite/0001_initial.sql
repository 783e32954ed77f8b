-- The embedded store, version 1.
--
-- A memory's number is its tenant's number times 2^40 plus the ledger position that recorded it: numbers rise in
-- recorded order, and one tenant's are one range. Times are microseconds since 1970 UTC. A row's `branch` is the key of
-- the branch that it was written on, null for the main line.

CREATE TABLE meta (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- `key` is the secret of keyed digests; `head` the hash that the next entry follows; `documents` and `tokens` are
-- what BM25 needs to know of all texts; `epoch` counts what makes caches in memory stale: erasures and replaced vectors.
CREATE TABLE tenant (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  key TEXT NOT NULL,
  seq INTEGER NOT NULL,
  recorded_at INTEGER,
  head TEXT NOT NULL,
  documents INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  vectors INTEGER NOT NULL,
  epoch INTEGER NOT NULL
) STRICT;

-- The ledger. `place` is numbered as memories are. Salt and digest are null once the content was erased.
CREATE TABLE entry (
  place INTEGER PRIMARY KEY,
  tenant INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  op_id TEXT NOT NULL,
  branch TEXT,
  salt BLOB,
  digest BLOB,
  commitment BLOB NOT NULL,
  hash BLOB NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX entry_by_op ON entry (op_id, tenant);
CREATE INDEX entry_by_branch ON entry (tenant, branch) WHERE branch IS NOT NULL;

-- Which entries name a memory beside the one that recorded it; a revoke names what the entry that it undoes names.
CREATE TABLE touch (
  memory INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (memory, seq)
) STRICT, WITHOUT ROWID;

-- Where memories live, branches aside, numbered per tenant; `scope` is canonical JSON of it.
CREATE TABLE home (
  tenant INTEGER NOT NULL,
  number INTEGER NOT NULL,
  scope TEXT NOT NULL,
  PRIMARY KEY (tenant, number),
  UNIQUE (tenant, scope)
) STRICT, WITHOUT ROWID;

-- `content` is the first eight bytes of the content hash. `statement` is null once erased; `tombstone` is then the keyed
-- digest of what it was. `status`, `holding` (pairs of times, JSON) and `is_common` are caches that `check` recomputes.
CREATE TABLE memory (
  number INTEGER PRIMARY KEY,
  tenant INTEGER NOT NULL,
  id TEXT NOT NULL,
  home INTEGER NOT NULL,
  home_branch TEXT,
  branch TEXT,
  recorded_at INTEGER NOT NULL,
  kind TEXT,
  origin TEXT,
  language TEXT,
  subject TEXT,
  confidence REAL,
  content INTEGER,
  status TEXT,
  is_common INTEGER NOT NULL,
  holding TEXT NOT NULL,
  tombstone TEXT,
  statement TEXT
) STRICT;
CREATE UNIQUE INDEX memory_by_id ON memory (id, tenant);
CREATE INDEX memory_by_content ON memory (content) WHERE content IS NOT NULL;
CREATE INDEX memory_by_subject ON memory (tenant, subject) WHERE subject IS NOT NULL;

CREATE TABLE move (
  memory INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  place INTEGER NOT NULL,
  status TEXT NOT NULL,
  at INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  source_word TEXT,
  recorded_at INTEGER NOT NULL,
  branch TEXT,
  PRIMARY KEY (memory, seq, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE superseded_by (
  old INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  new INTEGER NOT NULL,
  kind TEXT NOT NULL,
  at INTEGER,
  until INTEGER,
  part TEXT,
  reason TEXT,
  recorded_at INTEGER NOT NULL,
  branch TEXT,
  PRIMARY KEY (old, seq, new)
) STRICT, WITHOUT ROWID;
CREATE INDEX superseded_by_new ON superseded_by (new);

CREATE TABLE retraction (
  memory INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  branch TEXT,
  PRIMARY KEY (memory, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE confirmation (
  memory INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  branch TEXT,
  PRIMARY KEY (memory, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE link (
  source INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  target INTEGER NOT NULL,
  kind TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  branch TEXT,
  PRIMARY KEY (source, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_target ON link (target);

-- `change` and `seq` are places of entries; `move` is null when the whole entry was undone.
CREATE TABLE revocation (
  change INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  move INTEGER,
  recorded_at INTEGER NOT NULL,
  branch TEXT,
  PRIMARY KEY (change, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE branch (
  tenant INTEGER NOT NULL,
  key TEXT NOT NULL,
  parent TEXT,
  opened INTEGER NOT NULL,
  closed INTEGER,
  is_merged INTEGER NOT NULL,
  PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;

-- Titles and aliases in the form in which they are looked up exactly.
CREATE TABLE name (
  key TEXT NOT NULL,
  memory INTEGER NOT NULL,
  PRIMARY KEY (key, memory)
) STRICT, WITHOUT ROWID;

CREATE TABLE anchor (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  repo TEXT,
  name TEXT NOT NULL
) STRICT;

CREATE TABLE about (
  anchor INTEGER NOT NULL,
  memory INTEGER NOT NULL,
  PRIMARY KEY (anchor, memory)
) STRICT, WITHOUT ROWID;

-- A unit vector, little-endian float32.
CREATE TABLE vector (
  memory INTEGER PRIMARY KEY,
  data BLOB NOT NULL
) STRICT;

-- How often each token occurs in a memory's text, as " once twice=2 ... ", for exact scores.
CREATE TABLE words (
  memory INTEGER PRIMARY KEY,
  length INTEGER NOT NULL,
  counts TEXT NOT NULL
) STRICT;

-- Every token carries its tenant's number in front, so that statistics of tenants stay apart. `body` holds every token
-- once: how often it occurs stands in `words`. `facets` holds what filters ask for.
CREATE VIRTUAL TABLE search USING fts5 (
  body, facets, content = '', contentless_delete = 1, tokenize = "ascii tokenchars '_'"
);
CREATE VIRTUAL TABLE search_terms USING fts5vocab (search, row);
