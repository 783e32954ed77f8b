"""Importing graphiti so that it neither phones home nor reads the project's `.env`."""

from __future__ import annotations

import os
import warnings
from importlib import import_module

from graphmem.errors import Unsupported

_QUIET = {"GRAPHITI_TELEMETRY_ENABLED": "false", "PYTHON_DOTENV_DISABLED": "1"}


def import_graphiti() -> None:
    """Import graphiti with telemetry and `.env` loading off, for this process and those that it starts.

    Raises:
        Unsupported: It is not installed, or does not import.
    """
    os.environ.update(_QUIET)
    try:
        with warnings.catch_warnings():
            # It is written for an older pydantic, of which its users can do nothing.
            warnings.simplefilter("ignore", DeprecationWarning)
            import_module("graphiti_core")
    except ImportError as exc:
        raise Unsupported(f"graphiti cannot be imported ({exc}); run: pip install 'graphmem[graphiti]'") from exc
