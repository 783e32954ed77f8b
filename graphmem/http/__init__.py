"""The HTTP surface: `graphmem serve`. Imported only when it is started."""
