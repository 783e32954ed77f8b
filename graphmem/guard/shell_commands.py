"""Packages that a shell command adds, and the words of each command in it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

from graphmem.deferred_dataclass import dataclass
from graphmem.guard.manifest_names import pep508_name

MAX_COMMAND_CHARS = 20_000
_SEPARATORS = frozenset({"&&", "||", ";", "|", "&", "(", ")", ";;", "|&", "{", "}", "\n", "!", "then", "do", "else"})
_WRAPPERS = frozenset({"sudo", "env", "command", "exec", "time", "nohup", "doas", "xargs", "corepack"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_SHELLS = frozenset({"sh", "bash", "zsh", "dash"})
_HEREDOC = re.compile(
    r"<<-?\s{0,5}(['\"]?)(\w{1,60})\1[^\n]{0,500}\n.*?(?:^\s{0,40}\2\s{0,5}$|\Z)", re.DOTALL | re.MULTILINE
)
_MOST_DEPTH = 3


@dataclass(frozen=True, slots=True)
class AddedPackage:
    """A package that a command adds; `name` is `group:artifact` for Maven."""

    ecosystem: str
    name: str


def commands_in(text: str, depth: int = 0) -> Iterator[tuple[str, ...]]:
    """Yield the words of each command of a shell text, without assignments and programs that only run another.

    Args:
        text: Lines of a shell.
        depth: How many shells are around the text; `bash -c "…"` is read as well.
    """
    for words in _split(_HEREDOC.sub("\n", text[:MAX_COMMAND_CHARS])):
        plain = _without_wrappers(words)
        if not plain:
            continue
        if _program(plain[0]) in _SHELLS and "-c" in plain[1:] and depth < _MOST_DEPTH:
            at = plain.index("-c", 1)
            yield from commands_in(plain[at + 1] if at + 1 < len(plain) else "", depth + 1)
        else:
            yield plain


def packages_of(words: tuple[str, ...]) -> list[AddedPackage]:
    """Return the packages that a command adds; empty if it adds none."""
    program, rest = _program(words[0]), list(words[1:])
    program, rest = _through_runners(program, rest)
    rule = _RULES.get(re.sub(r"[\d.]+$", "", program) if program.startswith(("pip", "python")) else program)
    if rule is None:
        return []
    ecosystem, verbs, valued = rule
    arguments = _arguments(rest, verbs, valued)
    names = (_name(ecosystem, argument) for argument in arguments or ())
    return [AddedPackage(ecosystem, name) for name in names if name]


#: The ecosystem, the subcommands that add packages, and the options that take a value, by program.
_PIP_OPTIONS = frozenset(
    {
        *("-r", "-c", "-e", "-i", "-t", "-f", "--requirement", "--constraint", "--editable", "--index-url", "--target"),
        *("--extra-index-url", "--find-links", "--index", "--python", "-p", "--prefix", "--root", "--group", "-G"),
        *("--optional", "--source", "--extra", "--project", "--directory", "--cache-dir", "--platform", "--features"),
        *("--package", "--tag", "--branch", "--rev", "--with", "--log", "--proxy", "--timeout", "-m", "--marker"),
    }
)
_NPM_OPTIONS = frozenset(
    {
        *("--prefix", "-C", "--dir", "--registry", "-w", "--workspace", "--filter", "-F", "--tag", "--cwd", "--cache"),
        *("--otp", "--loglevel", "--omit", "--include"),
    }
)
_CARGO_OPTIONS = frozenset(
    {
        *("--features", "-F", "--rename", "--path", "--git", "--branch", "--tag", "--rev", "--registry", "--target"),
        *("-p", "--package", "--manifest-path", "--color", "--config", "-Z", "--version", "--vers"),
    }
)
_GEM_OPTIONS = frozenset(
    {
        "-v",
        "--version",
        "-i",
        "--install-dir",
        "-s",
        "--source",
        "-g",
        "--group",
        "--git",
        "--github",
        "--path",
        "--branch",
    }
)
_Rule = tuple[str, tuple[tuple[str, ...], ...], frozenset[str]]
_RULES: Mapping[str, _Rule] = {
    "pip": ("pypi", (("install",), ("download",), ("wheel",)), _PIP_OPTIONS),
    "uv": ("pypi", (("add",), ("pip", "install"), ("tool", "install")), _PIP_OPTIONS),
    "poetry": ("pypi", (("add",),), _PIP_OPTIONS),
    "pdm": ("pypi", (("add",),), _PIP_OPTIONS),
    "pipenv": ("pypi", (("install",),), _PIP_OPTIONS),
    "pipx": ("pypi", (("install",), ("inject",)), _PIP_OPTIONS),
    "rye": ("pypi", (("add",),), _PIP_OPTIONS),
    "hatch": ("pypi", (("dep", "add"),), _PIP_OPTIONS),
    "npm": ("npm", (("install",), ("i",), ("add",), ("in",), ("isntall",)), _NPM_OPTIONS),
    "pnpm": ("npm", (("add",), ("install",), ("i",)), _NPM_OPTIONS - {"-w"}),
    "yarn": ("npm", (("add",), ("global", "add")), _NPM_OPTIONS),
    "bun": ("npm", (("add",), ("install",), ("i",), ("a",)), _NPM_OPTIONS),
    "go": ("golang", (("get",), ("install",)), frozenset({"-modfile", "-C"})),
    "cargo": ("cargo", (("add",), ("install",)), _CARGO_OPTIONS),
    "gem": ("gem", (("install",), ("i",)), _GEM_OPTIONS),
    "bundle": ("gem", (("add",),), _GEM_OPTIONS),
    "mvn": ("maven", (("dependency:get",), ("dependency:copy",)), frozenset({"-f", "--file", "-pl", "-P"})),
}


def _name(ecosystem: str, argument: str) -> str | None:
    """Return the name in an argument without its version; None if it names a file or a place."""
    if ecosystem == "maven":
        match = re.fullmatch(r"-D(?:artifact|dependency)=([\w.-]{1,200}:[\w.-]{1,200})(?::.{0,200})?", argument)
        return match[1] if match else None
    if (
        argument.startswith(("-", ".", "/", "~", "http:", "https:", "git+", "git:", "git@", "file:"))
        or "\\" in argument
    ):
        return None
    if ecosystem == "pypi":
        return None if argument.endswith((".whl", ".txt", ".tar.gz")) else pep508_name(argument.split("@", 1)[0])
    if ecosystem == "npm":
        alias = re.fullmatch(r"(?:@[\w.~-]{1,100}/)?[\w.~-]{1,214}@npm:(.{1,300})", argument)
        match = re.match(r"((?:@[\w.~-]{1,100}/)?[\w.~-]{1,214})(?=@|$)", alias[1] if alias else argument)
        return match[1] if match else None
    if ecosystem == "gem":
        return argument.partition(":")[0]
    return argument.partition("@")[0].removesuffix("/...")


def _arguments(words: list[str], verbs: tuple[tuple[str, ...], ...], valued: frozenset[str]) -> list[str] | None:
    """Return the arguments of a subcommand without options; None if the command has none of the subcommands.

    The definitions of Maven (`-Dartifact=…`) are arguments, since they name the artifact to download.
    """
    left: list[str] = []
    at, seen = 0, list[str]()
    while at < len(words):
        word = words[at]
        if word.startswith("-D") and len(word) > 2:  # noqa: PLR2004 - `-D` alone is an option of npm
            left.append(word)
        elif word.startswith("-"):
            at += word in valued
        else:
            (left if tuple(seen) in verbs else seen).append(word)
        at += 1
        if len(seen) > 2:  # noqa: PLR2004 - no subcommand has more words
            return None
    return left if tuple(seen) in verbs else None


def _through_runners(program: str, rest: list[str]) -> tuple[str, list[str]]:
    """Return the program that others run: `python -m pip`, `uv run pip`, `poetry run pip`, `npx npm`."""
    if re.fullmatch(r"(?:python|pypy|py)[\d.]*", program) and "-m" in rest:
        at = rest.index("-m")
        return (_program(rest[at + 1]), rest[at + 2 :]) if at + 1 < len(rest) else (program, rest)
    if program in {"uv", "poetry", "pdm", "hatch", "rye", "pipenv"} and rest[:1] == ["run"]:
        inner = [word for word in rest[1:] if not word.startswith("-")]
        return _through_runners(_program(inner[0]), rest[rest.index(inner[0]) + 1 :]) if inner else (program, rest)
    return program, rest


def _without_wrappers(words: list[str]) -> tuple[str, ...]:
    at = 0
    while at < len(words):
        is_wrapper = _program(words[at]) in _WRAPPERS
        is_option = at > 0 and words[at].startswith("-") and _program(words[at - 1]) in _WRAPPERS
        if not (_ASSIGNMENT.match(words[at]) or is_wrapper or is_option):
            break
        at += 1
    return tuple(words[at:])


def _program(word: str) -> str:
    name = word.replace("\\", "/").rpartition("/")[2]
    return re.sub(r"\.(?:exe|cmd|bat)$", "", name, flags=re.IGNORECASE)


def _split(text: str) -> Iterator[list[str]]:
    """Yield the words between the separators of a shell; a text with unbalanced quotes is split at blanks."""
    for line in re.sub(r"\\\r?\n", " ", text).splitlines() if "\n" in text and not _has_open_quote(text) else [text]:
        words: list[str] = []
        for word in _words(line):
            if word in _SEPARATORS or set(word) <= set("&|;()"):
                yield words
                words = []
            else:
                words.append(word)
        yield words


def _has_open_quote(text: str) -> bool:
    return any(line.count("'") % 2 or line.count('"') % 2 for line in text.splitlines())


def _words(line: str) -> list[str]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=";&|()")
    lexer.whitespace_split = True
    try:
        return list(lexer)
    except ValueError:
        return line.split()
