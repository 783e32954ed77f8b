// What replaced what
// Every supersession that was not undone. Follow the arrows: old to new.
MATCH path = (old:Memory {tenant: $tenant})-[r:SUPERSEDED_BY]->(new:Memory)
WHERE NOT EXISTS { (:Change {tenant: $tenant, seq: r.seq})<-[undo:REVOKES]-(:Change) WHERE undo.branch IS NULL }
  AND old.user IS NULL AND new.user IS NULL AND ($repo IS NULL OR coalesce(old.repo, $repo) = $repo)
RETURN path
ORDER BY r.seq DESC LIMIT 200
