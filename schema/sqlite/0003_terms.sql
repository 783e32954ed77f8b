-- The embedded store, version 3.
--
-- Texts are searched by terms: stems, versions and pairs of ideographs beside words, the reasons of options beside
-- their names. So the indexes of text are made anew from the statements. `graphmem_text` is a function of graphmem: the
-- entries of a statement that lives at a home, by their names.

INSERT INTO search (search) VALUES ('delete-all');
DELETE FROM words;

INSERT INTO words (memory, length, counts)
SELECT
  number,
  graphmem_text('length', number, home, statement),
  graphmem_text('counts', number, home, statement)
FROM memory WHERE graphmem_text('length', number, home, statement) IS NOT NULL;

INSERT INTO search (rowid, body, facets)
SELECT
  number,
  graphmem_text('body', number, home, statement),
  graphmem_text('facets', number, home, statement)
FROM memory WHERE graphmem_text('length', number, home, statement) IS NOT NULL;

UPDATE tenant SET
  epoch = epoch + 1,
  tokens = (
    SELECT coalesce(sum(words.length), 0) FROM words
    WHERE words.memory >= tenant.number * 1099511627776 AND words.memory < (tenant.number + 1) * 1099511627776
  );
