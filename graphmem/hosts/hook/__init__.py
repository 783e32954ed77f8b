"""Code that runs in a hook of a host: `entry` reads the payload, `moments` decides, `output` writes the host's form.

A hook must answer within milliseconds: from graphmem, these modules import only each other, and from
the standard library only modules that Python imports cheaply. If a store is needed, `graphmem.hosts.memory_answers`
opens it.
"""
