// Who decided what
// Who recorded decisions, from which sources, and how many of them hold.
MATCH (c:Change {tenant: $tenant})-[:RECORDED]->(m:Decision)
WHERE m.user IS NULL AND ($repo IS NULL OR coalesce(m.repo, $repo) = $repo)
WITH c, m, any(i IN range(0, size(m.holds_from) - 1) WHERE m.holds_from[i] <= datetime() < m.holds_to[i]) AS holds
ORDER BY c.seq DESC
RETURN c.actor AS who, count(m) AS decisions, sum(CASE WHEN holds THEN 1 ELSE 0 END) AS `hold now`,
  toString(date(min(c.recorded_at))) AS first, toString(date(max(c.recorded_at))) AS last,
  count(DISTINCT c.source) AS sources, collect(m.title)[..3] AS latest
ORDER BY decisions DESC, who
