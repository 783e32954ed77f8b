"""The name of a repository that all its clones and work trees share: its remote, else its first commit."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from graphmem.sources.git.work_tree import common_directory

#: A section of a git configuration file, with the name in quotes.
_REMOTE = re.compile(r'\[\s*remote\s+"((?:[^"\\]|\\.){1,200})"\s*\]', re.IGNORECASE)
_URL = re.compile(r"url\s*=\s*(.*)", re.IGNORECASE)
_COMMENT = re.compile(r"\s+[#;].*")
#: `host:path`, as ssh has it. A single letter is a drive of Windows.
_SCP = re.compile(r"(?:[^@/\\]*@)?(\[[0-9A-Fa-f:.]+\]|[^:/\\@\[\]]{2,}):(?!//)(.+)")
_HELPER = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*::")
_SCHEMES = frozenset({"http", "https", "ssh", "git", "git+ssh", "git+https", "git+http", "ssh+git", "ftp", "ftps"})
#: Hosts of forges that offer ssh over the port of https.
_SSH_HOSTS = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}
_PREFERRED = ("origin", "upstream")
_MOST_CONFIG_BYTES = 1 << 20
_MOST_LOCAL_CLONES = 5
_SHA_CHARS = 12


def repository_name(folder: Path) -> str | None:
    """Return the name of the repository around a folder; None outside of a repository.

    It is `host/path` of its remote; without a remote on another machine, `root-` and the hash of its oldest first
    commit; of a repository without commits, and of a shallow clone without a remote, the name of its folder.
    """
    common = _common(folder)
    return None if common is None else _name_of(common, _MOST_LOCAL_CLONES)


def earlier_name(folder: Path) -> str | None:
    """Return the name that earlier releases gave to a repository without a remote: that of its folder."""
    common = _common(folder)
    return None if common is None else common.parent.name


def remote_identity(url: str) -> str | None:
    """Return `host/path` of a remote's URL, without scheme, user, password, port and `.git`.

    Args:
        url: Any form that git takes.

    Returns:
        None for a path or a URL of this machine, and for a URL that may contain a password.
    """
    text = url.strip()
    scheme, separator, rest = text.partition("://")
    if separator:
        return _of_url(text) if scheme.lower() in _SCHEMES and "\\" not in rest else None
    match = None if _HELPER.match(text) else _SCP.fullmatch(text)
    return None if match is None else _joined(match[1].strip("[]"), match[2])


def _of_url(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:  # A port that is no number is a part of a password with a slash.
        return None
    return None if host is None else _joined(host, parts.path)


def _joined(host: str, path: str) -> str | None:
    plain = "/".join(part for part in unquote(path.partition("?")[0].partition("#")[0]).split("/") if part)
    plain = plain.removesuffix(".git").rstrip("/")
    if not plain or "@" in plain or not plain.isprintable():
        return None
    host = host.lower().rstrip(".")
    return f"{_SSH_HOSTS.get(host, host)}/{plain}"


def _common(folder: Path) -> Path | None:
    return next((common for each in (folder, *folder.parents) if (common := common_directory(each / ".git"))), None)


def _name_of(common: Path, most: int) -> str:
    url = _remote(common / "config")
    identity = None if url is None else remote_identity(url)
    if identity is None and url is not None and most and (source := _local(url, common)) is not None:
        return _name_of(source, most - 1)
    return identity or _first_commit(common) or (common.parent if common.name == ".git" else common).name


def _remote(config: Path) -> str | None:
    """Return the URL of the remote `origin`, else `upstream`, else of the first by name."""
    try:
        with config.open(encoding="utf-8", errors="replace") as file:
            lines = file.read(_MOST_CONFIG_BYTES).splitlines()
    except OSError:
        return None
    urls: dict[str, str] = {}
    remote: str | None = None
    for line in map(str.strip, lines):
        if line.startswith("["):
            section = _REMOTE.match(line)
            remote = None if section is None else section[1]
        elif remote is not None and (setting := _URL.fullmatch(line)) is not None:
            urls.setdefault(remote, _COMMENT.sub("", setting[1]).strip().strip('"'))
    return next((urls[name] for name in (*_PREFERRED, *sorted(urls)) if name in urls), None)


def _local(url: str, common: Path) -> Path | None:
    """Return the git directory of a remote on this machine."""
    scheme, separator, _ = url.partition("://")
    if separator and scheme.lower() != "file":
        return None
    path = unquote(urlsplit(url).path) if separator else url
    try:
        folder = (common.parent / path).resolve()
        inner = common_directory(folder / ".git")
        source = inner or (folder if (folder / "HEAD").is_file() and (folder / "objects").is_dir() else None)
    except (OSError, ValueError):
        return None
    return None if source == common else source


def _first_commit(common: Path) -> str | None:
    """The oldest commit without parents; None for an empty repository, and for a shallow clone, which lacks it."""
    from graphmem.sources.git.runner import GitFailure, git_text

    if (common / "shallow").exists():
        return None
    try:
        roots = git_text(common, ("rev-list", "--max-parents=0", "--date-order", "--reverse", "HEAD"))
    except GitFailure:
        return None
    first = next(iter(roots.split()), None)
    return None if first is None else f"root-{first[:_SHA_CHARS]}"
