"""Between graphmem and other memories."""
