// What held on a day, as known today
// $as_of: a time, such as datetime('2015-01-01'). With what it was about.
MATCH (m:Memory {tenant: $tenant})
WHERE m.statement IS NOT NULL AND m.user IS NULL AND ($repo IS NULL OR coalesce(m.repo, $repo) = $repo)
  AND any(i IN range(0, size(m.holds_from) - 1) WHERE m.holds_from[i] <= $as_of < m.holds_to[i])
OPTIONAL MATCH (m)-[about:ABOUT]->(anchor:Anchor)
RETURN m, about, anchor
ORDER BY m.valid_from DESC LIMIT 300
