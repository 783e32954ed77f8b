"""Makes the virtual environment that `make` works in, or leaves it alone if it is up to date.

It comes in two levels: `base` holds what graphmem needs to run, with the model's weights, `dev` what its tests and
checks need besides. Both hold this checkout (editable). A stamp of each level remembers what it was made from, so that
a second run costs milliseconds; an environment that was broken off, or belongs to another interpreter or folder, is
made again from nothing.

uv installs the packages, pinned and hashed as they are. It comes by the pip that Python brings, into a folder of its
own, or not at all: pip does its work then. Neither is asked to resolve anything (--no-deps), since the requirements
name every package that is needed: a pip that resolves them looks for newer releases than the pinned ones (ADR-0029).

Usage: python tools/bootstrap.py [FOLDER] [base|dev]
       python tools/bootstrap.py FOLDER --requirements FILE... [--wheel FILE]   an environment without the checkout
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib.util
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
# Files below requirements/. Only hatchling can install the checkout. The dev level holds all of the base level.
LEVELS = {"base": ("base", "build", "weights"), "dev": ("dev", "weights")}
INSTALLER = "installer"
# Into a folder of its own: tests make environments with it.
OLDEST_PIP = "oldest-pip"
# Whoever runs this may have the pinned uv beside him.
AT_HAND = Path(sys.prefix) / INSTALLER
_BROKEN_OFF = "being-made.txt"


class Failed(Exception):
    """The environment cannot be made; the message says why."""


@dataclass(frozen=True)  # without slots, which an old Python would refuse before it is told that it is too old
class Environment:
    """An environment and the checkout it is made for.

    Attributes:
        folder: Where it is.
        root: The checkout, with its `requirements/` and `pyproject.toml`.
    """

    folder: Path
    root: Path = ROOT
    _settings: list[dict[str, str]] = field(default_factory=list, repr=False, compare=False)

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def bring(self, level: str) -> bool:
        """Bring it to a level; False if it was there already.

        Raises:
            Failed: If it cannot be made.
        """
        wanted = (level, "dev")
        if any(map(self._stands, wanted)):
            return False
        with _alone(self.folder):
            if not any(map(self._stands, wanted)):  # else another run made it meanwhile
                self._bring(level)
        return True

    def _bring(self, level: str) -> None:
        files = [self.root / "requirements" / f"{name}.txt" for name in LEVELS[level]]
        self._make(files, ["--no-build-isolation", "-e", str(self.root)], ["--compile-bytecode"])
        if level == "dev":
            oldest = self.root / "requirements" / f"{OLDEST_PIP}.txt"
            place = ["--target", str(self.folder / OLDEST_PIP), "--upgrade"]
            self._install("the oldest pip, for tests", [*place, "--require-hashes", "-r", str(oldest)], [])
        self._stamp(level).write_text(self._wanted(level))
        (self.folder / _BROKEN_OFF).unlink()

    def fill(self, files: Sequence[Path], wheel: Path | None) -> None:
        """Make it from requirements, and from a wheel if one is named, without the checkout.

        Raises:
            Failed: If it cannot be made.
        """
        with _alone(self.folder):
            self._make(files, [str(wheel)] if wheel else [], [])
            (self.folder / _BROKEN_OFF).unlink()

    def _stands(self, level: str) -> bool:
        stamp = self._stamp(level)
        made = stamp.exists() and not (self.folder / _BROKEN_OFF).exists()
        return made and stamp.read_text() == self._wanted(level)

    def _stamp(self, level: str) -> Path:
        return self.folder / f"made-from-{level}.txt"

    def _wanted(self, level: str) -> str:
        """Changes with the requirements, with what an editable install depends on, the interpreter and the folder."""
        digest = hashlib.sha256(f"{sys.version}\n{self.folder}\n{self.root}".encode())
        for name in (*LEVELS[level], INSTALLER, OLDEST_PIP):
            digest.update((self.root / "requirements" / f"{name}.txt").read_bytes())
        digest.update((self.root / "pyproject.toml").read_bytes())
        return digest.hexdigest()

    def _make(self, files: Sequence[Path], own: Sequence[str], for_uv: Sequence[str]) -> None:
        """Install requirements, and then what is our own; what is there stays if the environment is sound."""
        if not self.is_sound():
            _say(f"Making {self.folder.name} (once; half a minute or so)")
            self._start_anew()
        (self.folder / _BROKEN_OFF).touch()
        for stamp in self.folder.glob("made-from*.txt"):
            stamp.unlink()
        named = [word for file in files for word in ("-r", str(file))]
        self._install("packages", ["--require-hashes", *named], for_uv)
        if own:
            self._install("graphmem itself", own, [])

    def is_sound(self) -> bool:
        """Whether it was once finished, by this version of Python, in this folder."""
        if not self.python.exists() or (self.folder / _BROKEN_OFF).exists():
            return False
        told = "import pip, sys; print(*sys.version_info[:2])"
        asked = subprocess.run([self.python, "-c", told], capture_output=True, text=True, check=False)
        version = f"{sys.version_info[0]} {sys.version_info[1]}"
        return asked.stdout.strip() == version and self._script_is_ours()

    def _script_is_ours(self) -> bool:
        """False after the folder was moved: its scripts still start the interpreter of the old place."""
        activate = self.python.parent / ("activate.bat" if os.name == "nt" else "activate")
        return activate.exists() and str(self.folder) in activate.read_text(encoding="utf-8")

    def _start_anew(self) -> None:
        if importlib.util.find_spec("ensurepip") is None:
            raise Failed("this Python lacks venv; on Debian and Ubuntu: apt install python3-venv")
        if self.folder.exists():
            known = any((self.folder / name).exists() for name in ("pyvenv.cfg", _BROKEN_OFF))
            if not known and any(self.folder.iterdir()):
                raise Failed(f"{self.folder} is no virtual environment; name another folder or remove it")
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        (self.folder / _BROKEN_OFF).touch()
        venv.create(self.folder, with_pip=True)

    def _install(self, what: str, arguments: Sequence[str], for_uv: Sequence[str]) -> None:
        """Install with uv, else with pip.

        Raises:
            Failed: If both failed; what pip said goes to stderr first.
        """
        uv = self._uv()
        if uv is not None:
            command = [str(uv), "pip", "install", "--python", str(self.python), *for_uv, "--no-deps", *arguments]
            code, said = _run(command, what, {**os.environ, **uv_settings(self.pip_settings())})
            if code == 0:
                return
            sys.stderr.writelines(["\n", *said[-20:]])
            _say("  uv failed, see above; trying pip")
        code, said = _run(self._pip("install", "--no-deps", *arguments), what, os.environ)
        if code:
            sys.stderr.writelines(["\n", *said[-40:]])
            raise Failed(f"pip could not install {what}, see above")

    def _uv(self) -> Path | None:
        """The pinned uv, fetched by pip if need be; None on a platform for which there is none."""
        own, pinned = self.folder / INSTALLER, self.root / "requirements" / f"{INSTALLER}.txt"
        place = next((each for each in (own, AT_HAND) if _is_of(each, pinned)), None)
        if place is None:
            shutil.rmtree(own, ignore_errors=True)
            # Never built from source: that would take Rust and packages without a pin.
            options = ["--target", str(own), "--no-deps", "--only-binary", ":all:", "--require-hashes"]
            code, said = _run(self._pip("install", *options, "-r", str(pinned)), "uv", os.environ)
            if code:
                _say(f"  no uv: {said[-1].strip() if said else code}; pip does it, which takes longer")
                return None
            shutil.copy(pinned, own)
        found = shutil.which("uv", path=os.pathsep.join(str((place or own) / name) for name in ("bin", "Scripts")))
        return Path(found) if found else None

    def _pip(self, *arguments: str) -> list[str]:
        return [str(self.python), "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments]

    def pip_settings(self) -> dict[str, str]:
        """What the user's pip is told by its files and variables, by name of the option."""
        if not self._settings:
            self._settings.append(_settings_of(self._pip("config", "list")))
        return self._settings[0]


def _settings_of(pip: Sequence[str]) -> dict[str, str]:
    asked = subprocess.run(pip, capture_output=True, text=True, check=False)
    settings: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in asked.stdout.splitlines():
        name, _, value = line.partition("=")
        section, _, option = name.partition(".")
        if section in settings and value[:1] in {"'", '"'}:
            settings[section][option.replace("_", "-")] = str(ast.literal_eval(value))
    return settings["global"] | settings["install"] | settings[":env:"]


def uv_settings(pip: Mapping[str, str], environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables by which uv reaches the packages as pip would, which it does not know by itself.

    Args:
        pip: Options of pip and their values, as its files and variables give them.
        environment: What the user has set for uv goes before; such variables are left out.
    """
    links = [link for link in pip.get("find-links", "").split() if "://" in link or Path(link).expanduser().exists()]
    wanted = {
        "UV_INDEX_URL": pip.get("index-url", ""),
        "UV_EXTRA_INDEX_URL": " ".join(pip.get("extra-index-url", "").split()),
        "UV_FIND_LINKS": ",".join(links),
        "UV_NO_INDEX": "true" if pip.get("no-index", "").lower() in {"1", "true", "yes", "on"} else "",
        "UV_INSECURE_HOST": " ".join(pip.get("trusted-host", "").split()),
        "UV_HTTP_TIMEOUT": pip.get("timeout", ""),
        "UV_KEYRING_PROVIDER": "subprocess" if pip.get("keyring-provider") in {"subprocess", "import"} else "",
        # As pip: the best of all indexes. A hash says which file is meant, so no index can slip in another.
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_SYSTEM_CERTS": "true" if ssl.get_default_verify_paths().cafile or os.name == "nt" else "",
        "SSL_CERT_FILE": pip.get("cert", ""),
        "SSL_CLIENT_CERT": pip.get("client-cert", ""),
        "ALL_PROXY": pip.get("proxy", ""),
    }
    return {name: value for name, value in wanted.items() if value and name not in environment}


def main(words: Sequence[str] | None = None) -> int:
    """0 once the environment stands; another exit status, with the reason on stderr, if it cannot be made."""
    if sys.version_info < OLDEST_PYTHON:
        print(f"Python {sys.version.split()[0]} is too old: run `make PYTHON=python3.11` or newer.", file=sys.stderr)
        return 1
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / ".venv")
    parser.add_argument("level", nargs="?", choices=sorted(LEVELS), default="dev")
    parser.add_argument("--requirements", nargs="+", type=Path, default=())
    parser.add_argument("--wheel", type=Path)
    given = parser.parse_args(words)
    environment = Environment(given.folder.absolute())
    try:
        if given.requirements:
            environment.fill(given.requirements, given.wheel)
        else:
            environment.bring(given.level)
    except Failed as problem:
        print(f"{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nbroken off; the next run makes it whole", file=sys.stderr)
        return 130
    return 0


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Runs for one folder wait for each other, where the system has locks that end with their process."""
    if fcntl is None:
        yield
        return
    name = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    with (Path(tempfile.gettempdir()) / f"graphmem-environment-{os.getuid()}-{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_of(place: Path, pinned: Path) -> bool:
    """Whether an installer was fetched as it is pinned now."""
    told = place / pinned.name
    return told.exists() and told.read_bytes() == pinned.read_bytes()


def _run(command: Sequence[str], what: str, environment: Mapping[str, str]) -> tuple[int, list[str]]:
    """Run an installer; its exit status and what it said. What it reaches is shown in place on a terminal."""
    said: list[str] = []
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "env": dict(environment)}
    with subprocess.Popen(command, **pipes) as installer:  # type: ignore[call-overload]
        for line in installer.stdout or ():
            said.append(line)
            _progress(f"  {what}: {line.strip()}")
    _progress("")
    if installer.returncode == 0:
        _say(f"  {what}: done")
    return installer.returncode, said


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text[:78]}", end="", file=sys.stderr, flush=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
