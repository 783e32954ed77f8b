// The life of a file, as dates
// $path: as for its life. Which commit renamed it, when, and the first tag since then.
MATCH (seed:File {tenant: $tenant})-[own:RENAMED_TO]-()
WHERE (seed.name = $path OR ($path ENDS WITH '/' AND seed.name STARTS WITH $path))
  AND ($repo IS NULL OR coalesce(seed.repo, $repo) = $repo)
WITH collect(DISTINCT [coalesce(seed.repo, ''), own.lineage]) AS lives
MATCH (old:File {tenant: $tenant})-[renamed:RENAMED_TO]->(new:File)
WHERE [coalesce(old.repo, ''), renamed.lineage] IN lives
CALL (old, renamed) {
  MATCH (tag:Tag {tenant: $tenant})-[:OF]->(commit:Commit)
  WHERE coalesce(tag.repo, '') = coalesce(old.repo, '') AND commit.at >= renamed.at
  WITH tag ORDER BY commit.at, tag.name LIMIT 1
  RETURN collect(tag.name) AS tags
}
RETURN toString(date(renamed.at)) AS `renamed on`, old.name AS `from`, new.name AS `to`, renamed.similarity AS `% alike`,
  renamed.commit AS commit, tags[0] AS `first tag since`
ORDER BY renamed.at, old.name LIMIT 300
