"""Settings files and hooks that connect graphmem to the coding agents of this machine.

`installation` writes and removes entries, and `host_table` names the files and keys of each host. A host starts
`hook`, for which `memory_answers` queries the memory.
"""
