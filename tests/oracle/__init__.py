"""An executable reference of the model: list scans over the ledger, no code shared with `graphmem.temporal`."""

from tests.oracle.resolution import resolve
from tests.oracle.store import OracleStore
from tests.oracle.view import OracleView

__all__ = ["OracleStore", "OracleView", "resolve"]
