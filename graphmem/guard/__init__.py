"""Guard compares the options that a code change brings in with those that memories in force reject. Pure functions."""
