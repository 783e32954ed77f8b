// The life of a file
// $path: a file that was renamed, under any path that it had, or a folder with its closing slash. All its paths, old to new, and the memories about each.
MATCH (seed:File {tenant: $tenant})-[own:RENAMED_TO]-()
WHERE (seed.name = $path OR ($path ENDS WITH '/' AND seed.name STARTS WITH $path))
  AND ($repo IS NULL OR coalesce(seed.repo, $repo) = $repo)
WITH collect(DISTINCT [coalesce(seed.repo, ''), own.lineage]) AS lives
MATCH (old:File {tenant: $tenant})-[renamed:RENAMED_TO]->(new:File)
WHERE [coalesce(old.repo, ''), renamed.lineage] IN lives
OPTIONAL MATCH (m:Memory {tenant: $tenant})-[about:ABOUT]->(file:File)
WHERE file.name IN [old.name, new.name] AND coalesce(file.repo, m.repo, '') = coalesce(old.repo, '')
  AND m.user IS NULL AND ($repo IS NULL OR coalesce(m.repo, $repo) = $repo)
RETURN old, renamed, new, m, about, file
ORDER BY renamed.at DESC LIMIT 300
