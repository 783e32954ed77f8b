"""The context block of a task: which memories govern it, in which words, and how many fit into a budget. Pure."""
