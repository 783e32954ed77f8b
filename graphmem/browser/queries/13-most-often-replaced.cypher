// What was replaced most often
// By subject, or by the title of the last where there is none: how many memories gave way so far.
MATCH (last:Memory {tenant: $tenant})<-[:SUPERSEDED_BY]-(:Memory)
WHERE last.statement IS NOT NULL AND last.user IS NULL AND ($repo IS NULL OR coalesce(last.repo, $repo) = $repo)
  AND NOT EXISTS { MATCH (last)-[r:SUPERSEDED_BY]->(next:Memory) WHERE next.user IS NULL AND r.kind <> 'amendment'
    AND NOT EXISTS { (:Change {tenant: $tenant, seq: r.seq})<-[undo:REVOKES]-(:Change) WHERE undo.branch IS NULL } }
WITH DISTINCT last
CALL (last) {
  MATCH chain = (last)<-[:SUPERSEDED_BY*1..20]-(old:Memory)
  WHERE all(each IN nodes(chain) WHERE each.user IS NULL)
    AND all(r IN relationships(chain) WHERE r.kind <> 'amendment' AND NOT EXISTS {
    (:Change {tenant: $tenant, seq: r.seq})<-[undo:REVOKES]-(:Change) WHERE undo.branch IS NULL })
  RETURN count(DISTINCT old) AS replaced, min(old.valid_from) AS first
}
WITH last, replaced, first WHERE replaced > 0
RETURN coalesce(last.subject, last.title) AS subject, replaced, toString(date(first)) AS since, last.title AS now
ORDER BY replaced DESC, subject LIMIT 25
