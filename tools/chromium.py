"""Finds the Chromium that tests of the page drive; `--fetch` installs Debian's where there is none.

`GRAPHMEM_TEST_CHROMIUM` names one: any Chromium or Chrome of the last years will do.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMED = "GRAPHMEM_TEST_CHROMIUM"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_PLACES = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",)
#: As root, and where little memory is shared.
_ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage")
#: A busy machine takes its time.
_START_MS = 100_000
_FIX = f"install chromium (Debian, Ubuntu: apt-get install chromium), or name one in {NAMED}"


class ChromiumMissing(Exception):
    """There is none, and none could be installed; says how to mend that."""


def main() -> int:
    """0 if there is one; 1 with the reason on standard error."""
    parser = argparse.ArgumentParser(prog="python -m tools.chromium", description=__doc__)
    parser.add_argument("--fetch", action="store_true", help="install Debian's if there is none, as root")
    try:
        path = _fetched() if parser.parse_args().fetch else chromium()
    except ChromiumMissing as problem:
        print(f"chromium: {problem}", file=sys.stderr)
        return 1
    print(path)
    return 0


def chromium() -> Path:
    """The program.

    Raises:
        ChromiumMissing: There is none.
    """
    named = os.environ.get(NAMED)
    if named:
        if shutil.which(named) is None:
            raise ChromiumMissing(f"{NAMED} is {named!r}, which is no program: correct it, or unset it")
        return Path(named)
    found = next((place for place in (*map(shutil.which, _NAMES), *_PLACES) if place and Path(place).exists()), None)
    if found is None:
        raise ChromiumMissing(f"none is on this machine: {_FIX}")
    return Path(found)


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """The program, running without a window, driven by Playwright; closed afterwards.

    Meanwhile this thread has an event loop, and can start no other.

    Raises:
        ChromiumMissing: There is none.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=list(_ARGUMENTS), timeout=_START_MS)
        yield browser
        browser.close()


def _fetched() -> Path:
    try:
        return chromium()
    except ChromiumMissing:
        if os.environ.get(NAMED) or shutil.which("apt-get") is None or os.geteuid() != 0:
            raise
    _install()
    return chromium()


def _install() -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update", "-qq"], ["install", "-qq", "-y", "--no-install-recommends", "chromium"]):
        done = subprocess.run(["apt-get", *words], env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ChromiumMissing(f"apt-get {words[0]} failed: {done.stderr.strip()[-400:]}; {_FIX}")


if __name__ == "__main__":
    raise SystemExit(main())
