-- The embedded store, version 7: terms by which guard finds the memories that a change of code may concern.
--
-- `graphmem_guard_terms` is a function of graphmem: the terms of a statement, as a JSON list.

CREATE TABLE guard_term (
  tenant INTEGER NOT NULL,
  term TEXT NOT NULL,
  memory INTEGER NOT NULL,
  PRIMARY KEY (tenant, term, memory)
) STRICT, WITHOUT ROWID;

INSERT OR IGNORE INTO guard_term (tenant, term, memory)
SELECT memory.tenant, named.value, memory.number
FROM memory JOIN json_each(graphmem_guard_terms(memory.statement)) AS named
WHERE memory.statement IS NOT NULL;
