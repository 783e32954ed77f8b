"""Claims: an actor's task on paths for a limited time, recorded as a memory of the kind `task`."""
