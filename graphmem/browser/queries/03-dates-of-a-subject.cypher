// The life of one subject, as dates
// $subject: as for its life. When each memory held, and what replaced it from when on, and since when that is known.
MATCH (seed:Memory {tenant: $tenant})
WHERE seed.subject = $subject OR $subject IN seed.aliases OR seed.id = $subject
MATCH life = (seed)-[:SUPERSEDED_BY*0..20]-(m:Memory)
WHERE all(each IN nodes(life) WHERE each.user IS NULL)
  AND all(r IN relationships(life) WHERE NOT EXISTS { (:Change {tenant: $tenant, seq: r.seq})<-[undo:REVOKES]-(:Change) WHERE undo.branch IS NULL })
WITH DISTINCT m WHERE m.statement IS NOT NULL
OPTIONAL MATCH (m)-[r:SUPERSEDED_BY]->(next:Memory)
WHERE next.user IS NULL AND next.statement IS NOT NULL
  AND NOT EXISTS { (:Change {tenant: $tenant, seq: r.seq})<-[undo:REVOKES]-(:Change) WHERE undo.branch IS NULL }
WITH m, r, next ORDER BY coalesce(m.valid_from, m.recorded_at), m.title, r.seq
RETURN toString(date(m.valid_from)) AS `held from`, toString(date(m.valid_to)) AS `until`, m.title AS memory,
  collect(next.title) AS `replaced by`, collect(r.kind) AS how,
  [day IN collect(date(r.recorded_at)) | toString(day)] AS `known since`
ORDER BY coalesce(`held from`, `until`), memory
