"""The MCP surface: five tools over stdio and streamable HTTP. Imported only when it is started."""
