"""Checks of an installation, link by link from settings to answers, each with the command that fixes a fault."""

from graphmem.doctor.examination import examine
from graphmem.doctor.links import Link, LinkHealth

__all__ = ["Link", "LinkHealth", "examine"]
