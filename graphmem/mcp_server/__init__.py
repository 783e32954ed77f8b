"""The MCP surface: eight tools over stdio and streamable HTTP. Imported only when it is started."""
