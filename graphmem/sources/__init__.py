"""Readers of what projects already hold: each yields observations, none touches a store."""
