-- The embedded store, version 2.
--
-- Content hashes are made anew: two statements that differ have two. `graphmem_content` is a function of graphmem: the
-- first eight bytes of the content hash of a statement. `graphmem_statement` spells a statement as it is written now:
-- a repository without a name is none.
--
-- `answered_to`: somebody was told what was known at this moment, so whatever is recorded next gets a later one.

ALTER TABLE tenant ADD COLUMN answered_to INTEGER;

UPDATE memory SET content = graphmem_content(statement) WHERE statement IS NOT NULL;

UPDATE memory SET statement = graphmem_statement(statement) WHERE instr(statement, '"repo":""');
UPDATE anchor SET repo = NULL WHERE repo = '';
