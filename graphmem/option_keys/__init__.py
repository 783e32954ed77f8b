"""Keys of options: package URLs, imports, symbols, paths and commands whose use in code shows an option's use."""

from importlib import import_module

TYPE_CHECKING = False  # typing takes milliseconds to import
if TYPE_CHECKING:
    from graphmem.option_keys.file_scope import EXCLUSIONS, FileScope
    from graphmem.option_keys.key_types import KEY_EXAMPLES, KeyType
    from graphmem.option_keys.option_key import OptionKey, key_text
    from graphmem.option_keys.option_texts import OptionText, parse_option_text
    from graphmem.option_keys.package_names import import_names

_HOME_OF = {
    "EXCLUSIONS": "file_scope",
    "FileScope": "file_scope",
    "KEY_EXAMPLES": "key_types",
    "KeyType": "key_types",
    "OptionKey": "option_key",
    "OptionText": "option_texts",
    "import_names": "package_names",
    "key_text": "option_key",
    "parse_option_text": "option_texts",
}

__all__ = [
    "EXCLUSIONS",
    "KEY_EXAMPLES",
    "FileScope",
    "KeyType",
    "OptionKey",
    "OptionText",
    "import_names",
    "key_text",
    "parse_option_text",
]


def __getattr__(name: str) -> object:
    """Public names, each imported when it is first used: who reads a key parses no texts of options."""
    if name in _HOME_OF:
        return getattr(import_module(f"graphmem.option_keys.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module 'graphmem.option_keys' has no attribute {name!r}")
