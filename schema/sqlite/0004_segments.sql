-- The embedded store, version 4.
--
-- Words and names are kept in segments: each holds the terms of up to 16,384 memories, in the order of their numbers,
-- and the memories that hold each of them (`graphmem.adapters.sqlite.segments` has the layout). A term is a hash under
-- the tenant's key: no word stands in a segment. `first` and `last` are numbers of memories, and no two segments overlap.
-- `loose` counts the segments of small writes that were not joined yet.
--
-- Two functions of graphmem: `graphmem_segment` makes the segment of some statements that live at some homes,
-- `graphmem_tokens` tells how many tokens they have.

DROP TABLE search_terms;
DROP TABLE search;
DROP TABLE words;
DROP TABLE name;

CREATE TABLE segment (
  first INTEGER PRIMARY KEY,
  last INTEGER NOT NULL,
  size INTEGER NOT NULL,
  data BLOB NOT NULL
) STRICT;

-- What the entries since a ledger position have named.
CREATE INDEX touch_by_seq ON touch (seq);

ALTER TABLE tenant ADD COLUMN loose INTEGER NOT NULL DEFAULT 0;

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
  WHERE graphmem_is_readable(statement)
)
GROUP BY owner, chunk;

UPDATE tenant SET
  epoch = epoch + 1,
  tokens = (
    SELECT coalesce(sum(graphmem_tokens(first, data)), 0) FROM segment
    WHERE first >= tenant.number * 1099511627776 AND first < (tenant.number + 1) * 1099511627776
  );
