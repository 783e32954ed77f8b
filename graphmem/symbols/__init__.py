"""Definitions of functions, types and values in source files, found by their names or by their bodies.

Files are parsed by tree-sitter, whose grammars are imported when a file of their language is parsed.
"""
