-- The embedded store, version 5: where sources have the statements of memories, in rows of their own.
--
-- Before, the key was kept in the statement, as a file that the memory was about. It is taken out there, and out of all
-- that follows from statements: the files that memories are about, content hashes, and the segments.

CREATE TABLE source_key (
  memory INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  tenant INTEGER NOT NULL,
  key TEXT NOT NULL,
  recorded_at INTEGER NOT NULL,
  branch TEXT,
  PRIMARY KEY (memory, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX source_key_by_key ON source_key (tenant, key);

INSERT INTO source_key (memory, seq, tenant, key, recorded_at, branch)
SELECT number, number % 1099511627776, tenant, graphmem_source_key(statement), recorded_at, branch
FROM memory
WHERE instr(statement, '"recorded in"') AND graphmem_is_readable(statement) AND graphmem_source_key(statement) IS NOT NULL;

UPDATE memory SET content = graphmem_content(statement), statement = graphmem_statement(statement)
WHERE number IN (SELECT memory FROM source_key);

DELETE FROM about WHERE memory IN (SELECT memory FROM source_key);
INSERT OR IGNORE INTO about (anchor, memory)
SELECT anchor.number, memory.number
FROM source_key
  JOIN memory ON memory.number = source_key.memory
  JOIN tenant ON tenant.number = memory.tenant
  JOIN json_each(memory.statement, '$.anchors') AS named
  JOIN anchor ON anchor.id = graphmem_anchor(tenant.name, named.value);
DELETE FROM anchor WHERE number NOT IN (SELECT anchor FROM about);

-- Only of tenants that have source keys is anything made anew.
DELETE FROM segment WHERE first / 1099511627776 IN (SELECT tenant FROM source_key);
INSERT INTO segment (first, last, size, data)
SELECT min(number), max(number), count(*), graphmem_segment(key, number, home, statement ORDER BY number)
FROM (
  SELECT
    tenant.number AS owner,
    key,
    memory.number AS number,
    home,
    statement,
    (row_number() OVER (PARTITION BY tenant ORDER BY memory.number) - 1) / 16384 AS chunk
  FROM memory JOIN tenant ON tenant.number = memory.tenant
  WHERE graphmem_is_readable(statement) AND tenant.number IN (SELECT tenant FROM source_key)
)
GROUP BY owner, chunk;

UPDATE tenant SET
  epoch = epoch + 1,
  loose = 0,
  tokens = (
    SELECT coalesce(sum(graphmem_tokens(first, data)), 0) FROM segment
    WHERE first >= tenant.number * 1099511627776 AND first < (tenant.number + 1) * 1099511627776
  )
WHERE number IN (SELECT tenant FROM source_key);
