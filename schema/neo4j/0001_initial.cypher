// The server store, version 1. Every statement can be repeated without harm.
//
// One database may hold many tenants: every key but an anchor's, whose id is a hash over its tenant, begins with the
// tenant. Uniqueness is what makes two servers of one database unable to write one ledger position twice.

CREATE CONSTRAINT graphmem_schema_version IF NOT EXISTS FOR (s:GraphmemSchema) REQUIRE s.version IS UNIQUE;

CREATE CONSTRAINT graphmem_ledger IF NOT EXISTS FOR (l:Ledger) REQUIRE l.tenant IS UNIQUE;
CREATE CONSTRAINT graphmem_change_seq IF NOT EXISTS FOR (c:Change) REQUIRE (c.tenant, c.seq) IS UNIQUE;
CREATE CONSTRAINT graphmem_change_op_id IF NOT EXISTS FOR (c:Change) REQUIRE (c.tenant, c.op_id) IS UNIQUE;
CREATE CONSTRAINT graphmem_memory_id IF NOT EXISTS FOR (m:Memory) REQUIRE (m.tenant, m.id) IS UNIQUE;
CREATE CONSTRAINT graphmem_memory_seq IF NOT EXISTS FOR (m:Memory) REQUIRE (m.tenant, m.seq) IS UNIQUE;
CREATE CONSTRAINT graphmem_branch_key IF NOT EXISTS FOR (b:Branch) REQUIRE (b.tenant, b.key) IS UNIQUE;
CREATE CONSTRAINT graphmem_anchor_id IF NOT EXISTS FOR (a:Anchor) REQUIRE a.id IS UNIQUE;
CREATE CONSTRAINT graphmem_term IF NOT EXISTS FOR (t:Term) REQUIRE (t.tenant, t.word) IS UNIQUE;
CREATE CONSTRAINT graphmem_model IF NOT EXISTS FOR (e:EmbeddingModel) REQUIRE e.id IS UNIQUE;

CREATE INDEX graphmem_change_recorded_at IF NOT EXISTS FOR (c:Change) ON (c.tenant, c.recorded_at);
CREATE INDEX graphmem_change_branch IF NOT EXISTS FOR (c:Change) ON (c.tenant, c.branch);
CREATE INDEX graphmem_memory_content IF NOT EXISTS FOR (m:Memory) ON (m.tenant, m.content_hash);
CREATE INDEX graphmem_memory_subject IF NOT EXISTS FOR (m:Memory) ON (m.tenant, m.subject);

// Texts are split into tokens before they are stored, so that every store splits them alike. A commit does not wait for
// this index (it would take several times as long); every statement that reads it waits for what was committed before.
CREATE FULLTEXT INDEX graphmem_memory_text IF NOT EXISTS FOR (m:Memory) ON EACH [m.search_text, m.facets]
OPTIONS {indexConfig: {`fulltext.analyzer`: 'whitespace', `fulltext.eventually_consistent`: true}};
