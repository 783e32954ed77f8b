"""What stands between a user and an answer, looked at link by link: what is broken, and the command that mends it."""

from graphmem.doctor.examining import examine
from graphmem.doctor.links import Health, Link

__all__ = ["Health", "Link", "examine"]
