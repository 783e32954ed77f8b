"""Facts in the path of a file: a number, a name that is set aside, a folder of decisions."""

from __future__ import annotations

import posixpath
import re
from pathlib import PurePosixPath

#: The ends of the names of files that may be records.
RECORD_SUFFIXES = (".md", ".markdown", ".rst", ".txt", ".adoc", ".asciidoc", ".asc", ".xml", ".mediawiki", ".wiki")

_NUMBERED = re.compile(
    r"^(?:(?:adr|pep|xep|kep|rfc|rfd|dr|[a-z]?adr|decision)[-_ ]?|[a-z]{2,8}[-_])?\d{1,6}(?=[-_. ]|$)", re.IGNORECASE
)
_NUMBERED_FOLDER = re.compile(r"^(?:[a-z]{2,8}[-_ ]?)?\d{1,6}(?=[-_. ]|$)", re.IGNORECASE)
_TEMPLATE = re.compile(
    r"^(?:[a-z]{2,8}[-_ ])?(?:(?:\d{1,6}|n{2,6}|x{2,6})[-_ ])?(?:[a-z]{2,8}[-_ ])?template(?:[-_. ](?:bare|minimal"
    r"|short|long|full|madr|adr|simple|bare-minimal|en|[a-z]{2}))?$",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"^(?:[a-z]{2,8}[-_ ])?(?:n{2,6}|x{2,6}|y{2,6})(?:[-_ ]|$)", re.IGNORECASE)
_GENERIC = re.compile(
    r"^(?:[a-z]{2,8}[-_ ])?(?:readme|index|changelog|contributing|licen[cs]e[\w.-]{0,20}|copying|toc|summary"
    r"|code_of_conduct|security|guidelines?|glossary|requirements|agents|claude)$",
    re.IGNORECASE,
)
_LOG = re.compile(
    r"(?:^|[-_ .])(?:log|work[-_ ]?log|journal|minutes|meeting[-_ ]?notes?|todo|backlog)s?$", re.IGNORECASE
)
_DECISION_FOLDER = re.compile(
    r"^(?:l?m?adrs?|decisions?|decision[-_ ]records?|decision[-_ ]logs?|architectur(?:e|al)[-_ ]decisions?"
    r"(?:[-_ ]records?)?|rfcs?|rfds?|proposals?|[pxk]eps?|enhancements?|enhancement[-_ ]proposals?)$",
    re.IGNORECASE,
)


def is_kep(path: str) -> bool:
    """True if a path is the metadata file of an enhancement proposal."""
    return posixpath.basename(path).lower() in {"kep.yaml", "kep.yml"}


def stem_of(path: str) -> str:
    """The part of a path that names its record: the file without its suffix, or the folder of its only file."""
    name = posixpath.basename(path)
    folder = posixpath.basename(posixpath.dirname(path))
    if folder and (is_kep(path) or names_folder(path)):
        return folder
    return name if "." not in name else name.rsplit(".", 1)[0]


def names_folder(path: str) -> bool:
    """True if a file is the README or index of a numbered folder, which is then the record."""
    stem = PurePosixPath(path).stem.lower()
    return stem in {"readme", "index"} and bool(_NUMBERED_FOLDER.match(PurePosixPath(path).parent.name))


def is_numbered(path: str) -> bool:
    """True if the file's name begins with a number, as records' names do."""
    return bool(_NUMBERED.match(PurePosixPath(path).stem)) or names_folder(path)


def is_set_aside(path: str) -> bool:
    """True if the name says that the file is no record: a README, an index, a template, a log of work."""
    stem = PurePosixPath(path).stem
    if names_folder(path):
        return False
    if _TEMPLATE.match(stem) or _GENERIC.match(stem):
        return True
    return is_placeholder(stem) or bool(_LOG.search(stem) and not _NUMBERED.match(stem))


def is_placeholder(name: str) -> bool:
    """True if a name has letters where a number will be: `NNNN-title`."""
    return bool(_PLACEHOLDER.match(name))


def is_among_decisions(path: str) -> bool:
    """True if one of the folders above a file is named after decisions."""
    return any(_DECISION_FOLDER.match(name) for name in PurePosixPath(path).parts[:-1])
