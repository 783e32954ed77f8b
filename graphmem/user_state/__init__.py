"""The state of this user on this machine, outside of every repository. A hook imports this package: it imports little."""
