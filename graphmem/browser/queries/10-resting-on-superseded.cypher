// What rests on something that holds no more
// It holds, but what it depends on, implements or refines does not. With what took its place.
MATCH (m:Memory {tenant: $tenant})-[rests:DEPENDS_ON|IMPLEMENTS|REFINES]->(basis:Memory)
WHERE m.statement IS NOT NULL AND basis.statement IS NOT NULL
  AND m.user IS NULL AND basis.user IS NULL AND ($repo IS NULL OR coalesce(m.repo, $repo) = $repo)
  AND NOT EXISTS { (:Change {tenant: $tenant, seq: rests.seq})<-[undo:REVOKES]-(:Change) WHERE undo.branch IS NULL }
  AND any(i IN range(0, size(m.holds_from) - 1) WHERE m.holds_from[i] <= datetime() < m.holds_to[i])
  AND none(i IN range(0, size(basis.holds_from) - 1) WHERE basis.holds_from[i] <= datetime() < basis.holds_to[i])
OPTIONAL MATCH (basis)-[r:SUPERSEDED_BY]->(next:Memory)
WHERE next.user IS NULL AND next.statement IS NOT NULL
  AND NOT EXISTS { (:Change {tenant: $tenant, seq: r.seq})<-[undo:REVOKES]-(:Change) WHERE undo.branch IS NULL }
RETURN m, rests, basis, r, next
