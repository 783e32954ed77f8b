// Rejected alternatives of decisions that hold
// What was considered and turned down. `reason` says why.
MATCH (m:Decision {tenant: $tenant})-[r:CONSIDERED]->(a:Alternative {outcome: 'rejected'})
WHERE m.user IS NULL AND ($repo IS NULL OR coalesce(m.repo, $repo) = $repo)
  AND any(i IN range(0, size(m.holds_from) - 1) WHERE m.holds_from[i] <= datetime() < m.holds_to[i])
RETURN m, r, a
ORDER BY m.valid_from DESC LIMIT 300
