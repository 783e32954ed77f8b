"""graphmem for programs that speak other formats; each is imported only when it is used."""
