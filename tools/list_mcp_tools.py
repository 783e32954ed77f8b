"""Writes `graphmem/mcp_server/tools.json`, the listing that MCP clients get, from the tools themselves.

Usage: python -m tools.list_mcp_tools
"""

from __future__ import annotations

from pathlib import Path

from graphmem.mcp_server.tool_list import listing

TARGET = Path(__file__).resolve().parent.parent / "graphmem" / "mcp_server" / "tools.json"

if __name__ == "__main__":
    TARGET.write_text(listing(), encoding="utf-8")
