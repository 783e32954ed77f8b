// What changed since a day
// $since: a time. Every entry of the ledger since then, with what it is about.
MATCH (c:Change {tenant: $tenant}) WHERE c.recorded_at >= $since AND c.branch IS NULL
  AND NOT EXISTS { MATCH (c)-->(m:Memory)
    WHERE m.user IS NOT NULL OR ($repo IS NOT NULL AND coalesce(m.repo, $repo) <> $repo) }
WITH c ORDER BY c.seq DESC LIMIT 100
OPTIONAL MATCH (c)-[r]->(m:Memory)
RETURN c, r, m
