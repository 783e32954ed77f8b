"""Between graphmem and other memories and graphs; each is imported only when it is used."""
