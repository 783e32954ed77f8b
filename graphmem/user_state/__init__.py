"""The state of this user on this machine, outside of every repository. Hooks import this package."""
