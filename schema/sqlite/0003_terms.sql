-- The embedded store, version 3.
--
-- Texts are searched by terms: stems, versions and pairs of ideographs beside words, the reasons of options beside
-- their names. Version 4 makes what it takes from the statements.

UPDATE tenant SET epoch = epoch + 1;
