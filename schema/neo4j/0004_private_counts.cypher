// The server store, version 4: counts of private memories beside those of all, so that nobody's private words weigh in
// the scores that others see. Writes keep them from now on.
//
// A Term whose word is '@|word' counts all private memories that hold the word, '@user|word' those of one user; with
// '#memories' for the word, the memories themselves, with '#words' their lengths together. Set, not added to, so that
// applying this again changes nothing.

MATCH (m:Memory) WHERE m.user IS NOT NULL AND m.words IS NOT NULL
UNWIND [spelt IN split(trim(m.words), ' ') WHERE spelt <> '' | split(spelt, '=')[0]] AS word
UNWIND ['@|', '@' + m.user + '|'] AS owner
WITH m.tenant AS tenant, owner + word AS word, count(*) AS memories
MERGE (t:Term {tenant: tenant, word: word}) SET t.memories = memories;

MATCH (m:Memory) WHERE m.user IS NOT NULL AND m.words IS NOT NULL
UNWIND ['@|', '@' + m.user + '|'] AS owner
WITH m.tenant AS tenant, owner, count(*) AS memories, sum(m.length) AS words
MERGE (t:Term {tenant: tenant, word: owner + '#memories'}) SET t.memories = memories
MERGE (u:Term {tenant: tenant, word: owner + '#words'}) SET u.memories = words;
