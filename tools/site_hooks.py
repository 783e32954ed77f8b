"""Hooks of mkdocs (`hooks` in mkdocs.yml): links out of docs/ become text, and files that no page loads are removed.

Pages are read in the repository too, where such links work.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((\.\./[^)#\s]*)(#[^)\s]*)?\)")
#: No page loads these: maps of scripts and styles, word lists of other languages, and what search engines read.
_WEIGHT = ("**/*.map", "assets/javascripts/lunr", "sitemap.xml*")


def on_page_markdown(markdown: str, *, page: Any, **_: object) -> str:  # noqa: ANN401 - a page of mkdocs
    """The page without links to files outside of docs/: such a link becomes its text and the path in the repository."""
    folder = posixpath.dirname(page.file.src_uri)

    def shown(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join("docs", folder, link[2]))
        if target.startswith("docs/"):
            return link[0]
        return link[1] if target in link[1] else f"{link[1]} (`{target}`)"

    return _LINK.sub(shown, markdown)


def on_post_build(*, config: Any, **_: object) -> None:  # noqa: ANN401 - the configuration of mkdocs
    """Remove what no page loads."""
    site = Path(config.site_dir)
    for pattern in _WEIGHT:
        for path in sorted(site.glob(pattern), reverse=True):
            _remove(path)


def _remove(path: Path) -> None:
    if path.is_dir():
        for each in path.iterdir():
            _remove(each)
        path.rmdir()
    else:
        path.unlink()
