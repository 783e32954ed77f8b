"""The lines that graphmem adds to a git hook: their text, their insertion and their removal, as bytes.

They follow the first line of a hook, since many hooks end in `exec`. They run no program but `date`, and `cat` for the
input of post-rewrite, change no variable, option or folder of the rest of the script, and always succeed.
"""

from __future__ import annotations

import re

EVENTS = ("post-commit", "post-merge", "post-checkout", "post-rewrite")
#: The first line of a hook that graphmem creates.
FIRST_LINE = b"#!/bin/sh\n"
VERSION = 1

_END = "# <<< graphmem hooks <<<\n"
_MARK = re.compile(rb"^# (>>>|<<<) graphmem hooks ", re.MULTILINE)
_BLOCK = re.compile(
    rb"^# >>> graphmem hooks (?P<version>\d+)(?P<flags>[ a-z]*) >>>[^\n]*\n"
    rb"(?:(?!# >>> graphmem hooks )[^\n]*\n)*?"
    rb"# <<< graphmem hooks <<<[^\n]*(?:\n|\Z)",
    re.MULTILINE,
)
_CREATED, _NEWLINE = b"created", b"newline"
_SHELLS = frozenset({"sh", "bash", "dash", "zsh"})

_HEAD = """\
  hash=- ref=-
  read -r head <"${GIT_DIR:-.git}/HEAD" || head=-
  case $head in "ref: "*) ref=${head#ref: } ;; -) ;; *) hash=$head ref=HEAD ;; esac
  [ "${#ref}" -le 200 ] || ref=-
  at=${EPOCHSECONDS:-$(date +%s)}
"""
_QUIET = ") </dev/null >/dev/null 2>&1"
_APPEND = """  printf '1 {event} %s %s %s %s\\n' {hashes} "$ref" "${{at:-0}}" >>"{queue}"\n"""
_SIMPLE = "(\n{condition}{head}{append}{quiet} || :\n"
_CONDITIONS = {
    "post-merge": '  [ "${1:-0}" = 0 ] || exit 0\n',  # 1 after merge --squash, which makes no commit
    "post-checkout": '  [ "${3:-0}" = 1 ] || exit 0\n',  # 0 after a checkout of files
}
_HASHES = {"post-commit": '- "$hash"', "post-merge": '- "$hash"', "post-checkout": '"${1:--}" "${2:--}"'}
# The rest of the script may read the input too. If no here-document can be made, it keeps the input at its end.
_REWRITE = """\
graphmem_pairs=
[ -t 0 ] || graphmem_pairs=$(cat 2>/dev/null) || :
if (
{head}  {{ while read -r old new more; do
    printf '1 post-rewrite %s %s %s %s\\n' "${{old:--}}" "${{new:--}}" "$ref" "${{at:-0}}"
  done >>"{queue}" || :; }} <<GRAPHMEM
$graphmem_pairs
GRAPHMEM
{quiet} && [ -n "$graphmem_pairs" ]; then
  exec <<GRAPHMEM
$graphmem_pairs
GRAPHMEM
fi
unset graphmem_pairs
"""
_OWN_QUEUE = "${0%/*}/../graphmem/queue"
_ANY_QUEUE = "$(git rev-parse --git-common-dir)/graphmem/queue"


def hook_lines(event: str, flags: str = "", *, is_in_git_directory: bool = True) -> str:
    """The lines for a hook, from the begin mark to the end mark.

    Args:
        event: The name of the hook, in `EVENTS`.
        flags: Words in the begin mark, each after a space.
        is_in_git_directory: Whether the hook is in `hooks/` of the git directory that the work trees share. Anywhere
            else, the lines call git to find that directory.
    """
    queue = _OWN_QUEUE if is_in_git_directory else _ANY_QUEUE
    if event == "post-rewrite":
        body = _REWRITE.format(head=_HEAD, queue=queue, quiet=_QUIET)
    else:
        append = _APPEND.format(event=event, hashes=_HASHES[event], queue=queue)
        body = _SIMPLE.format(condition=_CONDITIONS.get(event, ""), head=_HEAD, append=append, quiet=_QUIET)
    return f"# >>> graphmem hooks {VERSION}{flags} >>> removed by: graphmem hooks uninstall\n{body}{_END}"


def obstacle(content: bytes) -> str | None:
    """The reason why no lines can be added to a hook, as a phrase; None for a shell script."""
    line = content.partition(b"\n")[0].decode("utf-8", "replace")
    if not line.startswith("#!"):
        return "has no #! line that names a shell"
    if line.endswith("\r"):
        return "has a first line that ends in CR LF, so that no system finds its interpreter"
    if _interpreter(line) not in _SHELLS:
        return f"is no script for {', '.join(sorted(_SHELLS))}"
    return "has damaged marks of graphmem" if is_damaged(content) else None


def _interpreter(line: str) -> str:
    """The name of the program that a `#!` line starts, behind `env` too."""
    words = [word.rpartition("/")[2] for word in line.removeprefix("#!").split()]
    if words and words[0] == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    return words[0] if words else ""


def has_lines(content: bytes) -> bool:
    """Whether a file has lines of graphmem, of any release."""
    return _BLOCK.search(content) is not None


def has_current_lines(content: bytes, event: str) -> bool:
    """Whether a file has exactly the lines of this release for a hook, once."""
    blocks = list(_BLOCK.finditer(content))
    variants = (hook_lines(event, _flags(blocks), is_in_git_directory=is_own) for is_own in (True, False))
    return len(blocks) == 1 and blocks[0][0].decode("utf-8", "replace") in variants


def is_damaged(content: bytes) -> bool:
    """Whether a mark of graphmem lacks its counterpart, so that the end of the lines is unknown."""
    return _MARK.search(_BLOCK.sub(b"", content)) is not None


def with_lines(content: bytes | None, event: str) -> bytes:
    """A hook with the lines after its first line, in place of lines of another release.

    Args:
        content: A shell script, or None for a hook that does not exist.
        event: The name of the hook, in `EVENTS`.
    """
    if content is None:
        return FIRST_LINE + hook_lines(event, f" {_CREATED.decode()}").encode()
    flags = f" {_CREATED.decode()}" if is_created(content) else ""
    content = without_lines(content)
    first, newline, rest = content.partition(b"\n")
    if not newline:
        return first + b"\n" + hook_lines(event, f"{flags} {_NEWLINE.decode()}").encode()
    return first + newline + hook_lines(event, flags).encode() + rest


def without_lines(content: bytes) -> bytes:
    """A hook without the lines: its bytes before they were added, and edits made since."""
    parts: list[bytes] = []
    end = 0
    for block in _BLOCK.finditer(content):
        part = content[end : block.start()]
        is_last = block.end() == len(content)
        parts.append(part.removesuffix(b"\n") if is_last and _NEWLINE in block["flags"].split() else part)
        end = block.end()
    return b"".join((*parts, content[end:]))


def is_created(content: bytes) -> bool:
    """Whether graphmem created the hook."""
    return any(_CREATED in block["flags"].split() for block in _BLOCK.finditer(content))


def _flags(blocks: list[re.Match[bytes]]) -> str:
    return blocks[0]["flags"].decode() if blocks else ""
