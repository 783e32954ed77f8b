// What was known on one day to hold on another
// $as_of: a time in the world. $known_at: how far graphmem knew. Worked out from the ledger, not from what is cached.
CALL () {
  OPTIONAL MATCH (undone:Change {tenant: $tenant})<-[undo:REVOKES]-(:Change)
  WHERE undo.recorded_at <= $known_at AND undo.branch IS NULL
  RETURN collect(CASE WHEN undo.move IS NULL THEN undone.seq END) AS revoked,
    collect(CASE WHEN undo.move IS NOT NULL THEN [undone.seq, undo.move] END) AS moves_revoked
}
CALL (revoked, moves_revoked) {
  MATCH (m:Memory {tenant: $tenant})
  WHERE m.recorded_at <= $known_at AND m.user IS NULL AND m.written_on IS NULL
    AND ($repo IS NULL OR coalesce(m.repo, $repo) = $repo)
  CALL (m, revoked, moves_revoked) {
    MATCH (:Change)-[move:MOVED]->(m)
    WHERE move.recorded_at <= $known_at AND move.at <= $as_of AND move.branch IS NULL
      AND NOT move.seq IN revoked AND NOT [move.seq, move.index] IN moves_revoked
    RETURN move.status AS status
    ORDER BY move.at DESC, move.ordinal DESC,
      CASE move.status WHEN 'proposed' THEN 0 WHEN 'deferred' THEN 1 WHEN 'active' THEN 2 WHEN 'rejected' THEN 3 ELSE 4 END DESC
    LIMIT 1
  }
  WITH m, revoked, moves_revoked WHERE status = 'active'
    AND NOT EXISTS {
      MATCH (:Change)-[no:RETRACTED]->(m)
      WHERE no.recorded_at <= $known_at AND no.branch IS NULL AND NOT no.seq IN revoked
    }
    AND NOT EXISTS {
      MATCH (m) (()-[r:SUPERSEDED_BY]->() WHERE r.kind <> 'amendment' AND r.branch IS NULL
        AND r.recorded_at <= $known_at AND NOT r.seq IN revoked
        AND (r.kind = 'correction' OR r.at <= $as_of) AND (r.until IS NULL OR $as_of < r.until)){1,20} (successor)
      MATCH (:Change)-[start:MOVED {status: 'active'}]->(successor)
      WHERE (successor.user IS NULL OR successor.user = m.user)
        AND (successor.repo IS NULL OR successor.repo = m.repo)
        AND (successor.environment IS NULL OR successor.environment = m.environment)
        AND start.at <= $as_of AND start.recorded_at <= $known_at AND start.branch IS NULL
        AND NOT start.seq IN revoked AND NOT [start.seq, start.index] IN moves_revoked
        AND NOT EXISTS {
          MATCH (:Change)-[no:RETRACTED]->(successor)
          WHERE no.recorded_at <= $known_at AND no.branch IS NULL AND NOT no.seq IN revoked
        }
    }
  RETURN collect(m) AS standing
}
UNWIND standing AS m
WITH m, standing, revoked WHERE m.statement IS NOT NULL
  AND (NOT EXISTS { MATCH (:Memory)-[r:SUPERSEDED_BY {kind: 'amendment'}]->(m)
    WHERE r.recorded_at <= $known_at AND r.branch IS NULL AND NOT r.seq IN revoked }
  OR EXISTS { MATCH (amended:Memory)-[r:SUPERSEDED_BY {kind: 'amendment'}]->(m)
    WHERE r.recorded_at <= $known_at AND r.branch IS NULL AND NOT r.seq IN revoked AND amended IN standing })
RETURN m
ORDER BY m.recorded_at DESC
