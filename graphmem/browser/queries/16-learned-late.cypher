// What was learned long after it came to be
// The world moved first, and graphmem heard of it later: what was believed in between was wrong.
MATCH (old:Memory {tenant: $tenant})-[r:SUPERSEDED_BY]->(new:Memory)
WHERE r.kind <> 'correction' AND r.recorded_at > r.at + duration('P1D')
  AND old.statement IS NOT NULL AND new.statement IS NOT NULL
  AND old.user IS NULL AND new.user IS NULL AND ($repo IS NULL OR coalesce(old.repo, $repo) = $repo)
  AND NOT EXISTS { (:Change {tenant: $tenant, seq: r.seq})<-[undo:REVOKES]-(:Change) WHERE undo.branch IS NULL }
RETURN old.title AS `what gave way`, new.title AS `to what`, toString(date(r.at)) AS `from`,
  toString(date(r.recorded_at)) AS `known since`, duration.inDays(r.at, r.recorded_at).days AS days
ORDER BY days DESC, old.title LIMIT 50
