MATCH (l:Ledger/* tenant */) WITH l.tenant AS tenant, l.recorded_at AS last ORDER BY l.seq DESC LIMIT 1
CALL (tenant) {
  MATCH chain = (start:Memory {tenant: tenant})-[:SUPERSEDED_BY*1..20]->(end:Memory)
  WHERE all(each IN nodes(chain) WHERE each.user IS NULL)
  WITH end, relationships(chain) AS steps ORDER BY length(chain) DESC, end.title LIMIT 1
  RETURN coalesce(end.subject, end.aliases[0], end.id) AS subject, steps[-1].at AS turned
  UNION ALL
  RETURN '' AS subject, null AS turned
}
WITH * LIMIT 1
CALL (tenant) {
  MATCH (m:Memory {tenant: tenant})-[:ABOUT]->(f:File)
  WHERE m.user IS NULL AND any(i IN range(0, size(m.holds_from) - 1) WHERE m.holds_from[i] <= datetime() < m.holds_to[i])
  WITH f.name AS file, count(m) AS memories ORDER BY memories DESC, file LIMIT 1
  WITH file, memories, substring(file, 0, size(file) - size(split(file, '/')[-1])) AS folder
  RETURN CASE WHEN memories > 1 OR folder = '' THEN file ELSE folder END AS path
  UNION ALL
  RETURN '' AS path
}
WITH * LIMIT 1
WITH *, coalesce(turned - duration('P1D'), last) AS day
RETURN tenant, /* repo */ AS repo, subject, path, day AS as_of, day AS known_at, last - duration('P1M') AS since,
  /* gone */ AS gone
