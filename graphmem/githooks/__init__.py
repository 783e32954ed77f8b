"""Git hooks that note commits, merges, checkouts and rewrites in a queue, and the work on that queue.

`installation` writes and removes the hooks, `hook_script` has their lines, `event_queue` reads the events they note,
`background` starts the work on them.
"""
