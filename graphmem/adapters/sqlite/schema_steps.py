"""The steps of the schema. A hook imports this module: it imports nothing."""

from __future__ import annotations

MIGRATIONS = (
    "sqlite/0001_initial.sql",
    "sqlite/0002_injective_content.sql",
    "sqlite/0003_terms.sql",
    "sqlite/0004_segments.sql",
    "sqlite/0005_source_keys.sql",
    "sqlite/0006_readings.sql",
    "sqlite/0007_guard_terms.sql",
    "sqlite/0008_symbol_files.sql",
)
SCHEMA_VERSION = len(MIGRATIONS)
