"""How well the reader of decision records reads repositories that it was not made for."""
