// Open conflicts that nobody has decided
// Two hold for one subject, two took over from one memory, or somebody said that they contradict each other.
CALL () {
  MATCH (first:Memory {tenant: $tenant}), (second:Memory {tenant: $tenant})
  WHERE first.subject = second.subject AND first.id < second.id
    AND coalesce(first.repo, '') = coalesce(second.repo, '') AND coalesce(first.environment, '') = coalesce(second.environment, '')
    AND NOT EXISTS { (first)-[:SUPERSEDED_BY {kind: 'amendment'}]-(second) }
  RETURN 'one subject' AS found, first, second, null AS said, null AS old
  UNION
  MATCH (first:Memory)<-[r:SUPERSEDED_BY]-(old:Memory {tenant: $tenant})-[s:SUPERSEDED_BY]->(second:Memory)
  WHERE r.seq < s.seq AND first <> second AND r.until IS NULL AND s.until IS NULL
    AND r.kind <> 'amendment' AND s.kind <> 'amendment'
    AND NOT EXISTS { (:Change {tenant: $tenant, seq: r.seq})<-[undo:REVOKES]-(:Change) WHERE undo.branch IS NULL }
    AND NOT EXISTS { (:Change {tenant: $tenant, seq: s.seq})<-[undo:REVOKES]-(:Change) WHERE undo.branch IS NULL }
  RETURN 'two successors' AS found, first, second, null AS said, old
  UNION
  MATCH (first:Memory {tenant: $tenant})-[said:CONFLICTS_WITH]->(second:Memory)
  WHERE NOT EXISTS { (:Change {tenant: $tenant, seq: said.seq})<-[undo:REVOKES]-(:Change) WHERE undo.branch IS NULL }
  RETURN 'said so' AS found, first, second, said, null AS old
}
WITH * WHERE first.statement IS NOT NULL AND second.statement IS NOT NULL
  AND first.user IS NULL AND second.user IS NULL AND ($repo IS NULL OR coalesce(first.repo, $repo) = $repo)
  AND any(i IN range(0, size(first.holds_from) - 1) WHERE first.holds_from[i] <= datetime() < first.holds_to[i])
  AND any(i IN range(0, size(second.holds_from) - 1) WHERE second.holds_from[i] <= datetime() < second.holds_to[i])
RETURN found, first, second, said, old
