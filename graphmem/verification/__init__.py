"""Verdicts on memories: whether the files, commands, dependencies and symbols that they name are still in the code."""

from graphmem.repository.code_verdict import CodeStatus as CodeStatus
from graphmem.verification.code_history import CodeHistory as CodeHistory
from graphmem.verification.code_history import PathPeriod as PathPeriod
from graphmem.verification.verdicts import CodeEvidence as CodeEvidence
from graphmem.verification.verdicts import CodeFinding as CodeFinding
from graphmem.verification.verdicts import MemoryToVerify as MemoryToVerify
from graphmem.verification.verdicts import ReferenceKind as ReferenceKind
from graphmem.verification.verdicts import Verdict as Verdict
from graphmem.verification.verifier import verify_memories as verify_memories
