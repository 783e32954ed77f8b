-- The embedded store, version 8: symbols are found by the file with which their names begin.

CREATE INDEX IF NOT EXISTS anchor_symbol ON anchor (name) WHERE kind = 'symbol';
