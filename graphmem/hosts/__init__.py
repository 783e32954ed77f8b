"""Graphmem in the coding agents of this machine: their settings files, and the hooks that they run.

`installation` writes and removes entries, `host_table` names the files and keys of each host. `entry` answers a hook:
`payload` recognises what a host sent, `moments` decides the answer, `output` writes it in the host's form.
"""
