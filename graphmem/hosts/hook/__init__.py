"""What runs in a hook of a host: `entry` reads the payload, `moments` decides, `output` writes the host's form.

A hook must answer within milliseconds: these modules import nothing of graphmem but one another, and of the standard
library only what Python imports cheaply. A store is opened by `graphmem.hosts.memory_answers`, if at all.
"""
