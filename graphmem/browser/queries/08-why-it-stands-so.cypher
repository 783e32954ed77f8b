// Why a memory stands as it does: every entry about it
// $subject: a subject, an alias or an id.
MATCH (m:Memory {tenant: $tenant})
WHERE m.user IS NULL AND (m.subject = $subject OR $subject IN m.aliases OR m.id = $subject)
MATCH (c:Change)-[r]->(m)
WHERE NOT EXISTS { MATCH (c)-->(x:Memory) WHERE x.user IS NOT NULL }
OPTIONAL MATCH (c)-[undo:REVOKES]-(other:Change)
RETURN m, r, c, undo, other
