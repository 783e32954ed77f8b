// What waits for a decision
// Proposed or deferred, never in force so far. The oldest first.
MATCH (m:Pending {tenant: $tenant})
WHERE m.statement IS NOT NULL AND m.user IS NULL AND ($repo IS NULL OR coalesce(m.repo, $repo) = $repo)
MATCH (:Change)-[move:MOVED]->(m)
WITH m, max(move.at) AS since
RETURN m.title AS memory, m.kind AS kind, m.status AS status, toString(date(since)) AS since, m.id AS id
ORDER BY since
