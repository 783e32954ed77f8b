"""Imports graphiti without telemetry and without loading the project's `.env`."""

from __future__ import annotations

import os
import warnings
from importlib import import_module

from graphmem.errors import Unsupported

_QUIET = {"GRAPHITI_TELEMETRY_ENABLED": "false", "PYTHON_DOTENV_DISABLED": "1"}


def import_graphiti() -> None:
    """Import graphiti with telemetry and `.env` loading off, for this process and its children.

    Raises:
        Unsupported: graphiti is not installed, or its import fails.
    """
    os.environ.update(_QUIET)
    try:
        with warnings.catch_warnings():
            # It targets an older pydantic; its users cannot fix the warnings.
            warnings.simplefilter("ignore", DeprecationWarning)
            import_module("graphiti_core")
    except ImportError as exc:
        raise Unsupported(f"graphiti cannot be imported ({exc}); run: pip install 'graphmem[graphiti]'") from exc
