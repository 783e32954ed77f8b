"""Builds the context block of a task: selects the memories that govern it and renders as many as fit a budget. Pure."""
