"""Writes gitleaks' rules as the data file that graphmem reads, from a clone of its repository.

    python -m tools.secret_rules PATH

PATH is a clone of https://github.com/gitleaks/gitleaks, checked out or bare; its newest commit is taken. The licence is
written beside the rules.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "graphmem" / "secrets" / "rules"
SOURCE = "https://github.com/gitleaks/gitleaks"
CONFIGURATION = "config/gitleaks.toml"

#: Fields of a rule and of an allowlist that are kept, by the name that each gets.
_RULE = {"id": "id", "regex": "regex", "keywords": "keywords", "entropy": "entropy", "secretGroup": "group"}
_RULE |= {"path": "path"}
_ALLOWED = {"regexes": "regexes", "regexTarget": "target", "stopwords": "stopwords", "paths": "paths"}
_ALLOWED |= {"condition": "condition"}


def main() -> None:
    """Write the rules and the licence."""
    clone = Path(sys.argv[1])
    rules = converted(tomllib.loads(_git(clone, "show", f"HEAD:{CONFIGURATION}")))
    about = {
        "source": SOURCE,
        "file": CONFIGURATION,
        "version": _git(clone, "describe", "--tags", "HEAD").strip(),
        "commit": _git(clone, "rev-parse", "HEAD").strip(),
        "license": "MIT, see gitleaks.LICENSE",
    }
    text = json.dumps({"about": about, **rules}, ensure_ascii=False, indent=1)
    (FOLDER / "gitleaks.json").write_text(f"{text}\n", encoding="utf-8")
    (FOLDER / "gitleaks.LICENSE").write_text(_git(clone, "show", "HEAD:LICENSE"), encoding="utf-8")


def converted(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the rules and the common allowlist of a configuration; a rule without a pattern is left out."""
    rules = [
        {
            **_named(rule, _RULE),
            "keywords": [keyword.lower() for keyword in rule["keywords"]],
            **({"allowed": [_named(entry, _ALLOWED) for entry in rule["allowlists"]]} if "allowlists" in rule else {}),
        }
        for rule in configuration["rules"]
        if "regex" in rule
    ]
    return {"allowed": _named(configuration["allowlist"], _ALLOWED), "rules": rules}


def _named(fields: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    return {new: fields[old] for old, new in names.items() if old in fields}


def _git(clone: Path, *words: str) -> str:
    return subprocess.run(["git", "-C", str(clone), *words], check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main()
