"""Graphmem in the coding agents of this machine: their settings files, and the hooks that they run.

`installation` writes and removes entries, and `host_table` names the files and keys of each host. `hook` is what a host
starts; `memory_answers` asks the memory for it.
"""
