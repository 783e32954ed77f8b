// What holds now for a file
// $path: a file, or a folder with its closing slash. Memories that were read from it are there too.
MATCH (m:Memory {tenant: $tenant})-[about:ABOUT|READ_FROM]->(file:File|SourceKey)
WITH m, about, file, CASE WHEN file:File THEN file.name ELSE file.key END AS name
WHERE (name = $path OR ($path ENDS WITH '/' AND name STARTS WITH $path))
  AND m.user IS NULL AND ($repo IS NULL OR coalesce(m.repo, $repo) = $repo)
  AND any(i IN range(0, size(m.holds_from) - 1) WHERE m.holds_from[i] <= datetime() < m.holds_to[i])
RETURN m, about, file
