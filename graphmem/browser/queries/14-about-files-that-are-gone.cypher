// What holds about files that are gone
// $gone: paths that the repository has no more. `graphmem browser` fills them in when it runs inside of one.
MATCH (m:Memory {tenant: $tenant})-[about:ABOUT]->(file:File)
WHERE file.name IN $gone AND m.user IS NULL AND ($repo IS NULL OR coalesce(m.repo, $repo) = $repo)
  AND any(i IN range(0, size(m.holds_from) - 1) WHERE m.holds_from[i] <= datetime() < m.holds_to[i])
RETURN m, about, file
