"""Adapters to other memory systems and graph formats, each imported on first use."""
