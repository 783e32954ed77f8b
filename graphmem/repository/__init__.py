"""What the ledger has read of repositories: mainline commits, side lines, tags, and the paths that files had."""
