"""Everything that graphmem reads from outside, under one contract.

A reader of a source returns a `Reading` (`observations`): statements with their source keys, dates and provenance, and
a problem for each part that could not be read. Readers touch no store. `comparison` turns a reading and the existing
memories into edits; the service applies them. The packages: `decisions` reads decision records, `memories` the files
of other memories, `rules` the conventions of a repository, `bans` what its linters forbid, `manifests` its structure,
`tasks` its tasks, `incidents` its reverts and failed tests and `trailers` what its commit messages reject; `git` runs
git.
"""
