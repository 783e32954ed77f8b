"""The storage engines, each behind the port of `graphmem.store`."""
