"""The MCP surface: seven tools over stdio and streamable HTTP. Imported only when it is started."""
