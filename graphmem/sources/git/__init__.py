"""Facts from a git repository: where its work tree is, and the dates of files, lines and statuses in its history.

`runner` starts every git process of graphmem, and runs no program or hook that the repository contains.
"""
