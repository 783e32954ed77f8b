"""`sha256` and `blake2b` without OpenSSL, which `hashlib` loads: that takes longer than all digests of a short process.

`random` of the standard library imports these modules in the same way. The digests are the same.
"""

TYPE_CHECKING = False  # typing takes milliseconds to import
if TYPE_CHECKING:
    from hashlib import blake2b, sha256
else:
    try:
        from _blake2 import blake2b
    except ImportError:  # an interpreter that is built without it
        from hashlib import blake2b
    try:
        from _sha2 import sha256
    except ImportError:
        try:
            from _sha256 import sha256  # Python 3.11
        except ImportError:
            from hashlib import sha256

__all__ = ["blake2b", "sha256"]
