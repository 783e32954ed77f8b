"""The recall ledger in a file beside the store."""
