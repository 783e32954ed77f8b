"""Keys of options: package URLs, imports, symbols, paths and commands whose use in code shows an option's use."""

from graphmem.option_keys.file_scope import EXCLUSIONS, FileScope
from graphmem.option_keys.key_types import KEY_EXAMPLES, KeyType
from graphmem.option_keys.option_key import OptionKey, key_text
from graphmem.option_keys.option_texts import OptionText, parse_option_text
from graphmem.option_keys.package_names import import_names

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
