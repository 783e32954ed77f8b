"""How much of what governs a task is in its context block, beside simple controls."""
