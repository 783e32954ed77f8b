"""Truth of the verdicts on memories, over public repositories and seeded breakages."""
