// Open conflicts that nobody has decided
// Two hold for one subject, two took over from one memory, or somebody said that they contradict each other.
CALL () {
  MATCH (one:Memory {tenant: $tenant}), (other:Memory {tenant: $tenant})
  WHERE one.subject = other.subject AND one.id < other.id
    AND coalesce(one.repo, '') = coalesce(other.repo, '') AND coalesce(one.environment, '') = coalesce(other.environment, '')
    AND NOT EXISTS { (one)-[:SUPERSEDED_BY {kind: 'amendment'}]-(other) }
  RETURN 'one subject' AS found, one, other, null AS said, null AS old
  UNION
  MATCH (one:Memory)<-[r:SUPERSEDED_BY]-(old:Memory {tenant: $tenant})-[s:SUPERSEDED_BY]->(other:Memory)
  WHERE r.seq < s.seq AND one <> other AND r.until IS NULL AND s.until IS NULL
    AND r.kind <> 'amendment' AND s.kind <> 'amendment'
    AND NOT EXISTS { (:Change {tenant: $tenant, seq: r.seq})<-[:REVOKES]-(:Change) }
    AND NOT EXISTS { (:Change {tenant: $tenant, seq: s.seq})<-[:REVOKES]-(:Change) }
  RETURN 'two successors' AS found, one, other, null AS said, old
  UNION
  MATCH (one:Memory {tenant: $tenant})-[said:CONFLICTS_WITH]->(other:Memory)
  WHERE NOT EXISTS { (:Change {tenant: $tenant, seq: said.seq})<-[:REVOKES]-(:Change) }
  RETURN 'said so' AS found, one, other, said, null AS old
}
WITH * WHERE one.user IS NULL AND other.user IS NULL AND ($repo IS NULL OR coalesce(one.repo, $repo) = $repo)
  AND any(i IN range(0, size(one.holds_from) - 1) WHERE one.holds_from[i] <= datetime() < one.holds_to[i])
  AND any(i IN range(0, size(other.holds_from) - 1) WHERE other.holds_from[i] <= datetime() < other.holds_to[i])
RETURN found, one, other, said, old
