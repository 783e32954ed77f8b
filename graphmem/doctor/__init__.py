"""Checks of an installation, link by link from settings to answers, each with the command that fixes a fault."""

from graphmem.doctor.examination import examine
from graphmem.doctor.links import Health, Link

__all__ = ["Health", "Link", "examine"]
