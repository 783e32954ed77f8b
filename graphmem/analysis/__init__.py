"""Analyses of a whole memory, computed from the graph that `GraphMemory.to_networkx` returns.

Pure functions: a graph goes in, frozen values come out, for the point of the graph. networkx provides reachability,
communities and orders; `graphmem.analysis.plots` draws the results.
"""

from graphmem.analysis.areas import ELSEWHERE, Area, areas
from graphmem.analysis.chains import Chain, chains
from graphmem.analysis.churn import Churn, Period, churn
from graphmem.analysis.contests import ContestedSubject, contested
from graphmem.analysis.health import Ailment, Concern, Health, health
from graphmem.analysis.structure import Central, Community, central, communities
from graphmem.analysis.survival import HalfLife, Life, Survival, half_life, survival

__all__ = [
    "ELSEWHERE",
    "Ailment",
    "Area",
    "Central",
    "Chain",
    "Churn",
    "Community",
    "Concern",
    "ContestedSubject",
    "HalfLife",
    "Health",
    "Life",
    "Period",
    "Survival",
    "areas",
    "central",
    "chains",
    "churn",
    "communities",
    "contested",
    "half_life",
    "health",
    "survival",
]
