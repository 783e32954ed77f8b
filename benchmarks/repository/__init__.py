"""How the readers of a repository do on histories with known facts."""
