"""Facts from a git repository: where its work tree is, and the dates of files, lines and statuses in its history.

Every git process of graphmem is started by `runner`, which runs nothing that the repository brings along.
"""
