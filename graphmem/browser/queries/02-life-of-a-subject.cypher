// The life of one subject
// $subject: a subject, an alias such as 'PEP 345', or an id. All that it took over from and that took over from it.
MATCH (seed:Memory {tenant: $tenant})
WHERE seed.subject = $subject OR $subject IN seed.aliases OR seed.id = $subject
MATCH life = (seed)-[:SUPERSEDED_BY*0..20]-(:Memory)
WHERE all(each IN nodes(life) WHERE each.user IS NULL)
  AND all(r IN relationships(life) WHERE NOT EXISTS { (:Change {tenant: $tenant, seq: r.seq})<-[undo:REVOKES]-(:Change) WHERE undo.branch IS NULL })
RETURN life
