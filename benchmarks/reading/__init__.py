"""How the reader of decision records does on repositories that it was not written on."""
