"""The environment that `make` works in: made with an old pip, from an index that has gone on, after an interruption."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from venv import create

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.wheels import ROOT, Pin, mirror, needs, pins
from tools import bootstrap
from tools.bootstrap import INSTALLER, LEVELS, OLDEST_PIP, Environment, Failed, main, uv_settings

HERE = Path(sys.prefix)

# Hundreds of small files and a dozen processes: a busy machine takes a minute, and only a hang takes this long.
_MAKES_ENVIRONMENTS = pytest.mark.timeout(400)


@pytest.fixture
def old_and_offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No pip but that of the first release of this Python, no index but what a test names, and nothing cached."""
    assert (HERE / OLDEST_PIP / "pip").is_dir(), "run: make env"
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(bootstrap, "AT_HAND", tmp_path / "nowhere")
    monkeypatch.setattr("venv.create", lambda folder, with_pip: create(folder, with_pip=not with_pip))
    monkeypatch.setenv("PYTHONPATH", str(HERE / OLDEST_PIP))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="module")
def uv() -> Path:
    found = shutil.which("uv", path=os.pathsep.join(str(HERE / INSTALLER / name) for name in ("bin", "Scripts")))
    assert found is not None, "run: make env"
    return Path(found)


@pytest.fixture(scope="module")
def with_uv(uv: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A checkout whose path has a blank, and an index with uv and a newer release of whatever is pinned."""
    return _mirrored(tmp_path_factory, uv)


@pytest.fixture(scope="module")
def without_uv(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same for a platform for which there is no uv."""
    return _mirrored(tmp_path_factory, None)


def _mirrored(tmp_path_factory: pytest.TempPathFactory, uv: Path | None) -> tuple[Path, Path]:
    checkout, index = tmp_path_factory.mktemp("a checkout"), tmp_path_factory.mktemp("index")
    mirror(checkout, index, uv)
    return checkout, index


def _pinned(level: str) -> dict[str, str]:
    files = [ROOT / "requirements" / f"{name}.txt" for name in LEVELS[level]]
    return {pin.name: pin.version for file in files for pin in pins(file) if pin.counts} | {"graphmem": "0.1.0"}


def _installed(environment: Environment) -> dict[str, str]:
    (place,) = environment.folder.glob("[Ll]ib/**/site-packages")
    found = {canonicalize_name(each.name): each.version for each in metadata.distributions(path=[str(place)])}
    return {str(name): version for name, version in found.items() if name not in {"pip", "setuptools"}}


@_MAKES_ENVIRONMENTS
@pytest.mark.usefixtures("old_and_offline")
def test_with_the_oldest_pip_and_newer_releases_of_everything_each_level_holds_what_is_pinned(
    with_uv: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout, index = with_uv
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    environment = Environment(checkout / ".venv", checkout)
    assert environment.bring("base")
    assert _installed(environment) == _pinned("base")
    assert not environment.bring("base")
    assert environment.bring("dev")
    assert _installed(environment) == _pinned("dev")
    assert not environment.bring("dev")
    assert not environment.bring("base")
    assert "pip" not in re.sub("the oldest pip", "", capsys.readouterr().err)


@_MAKES_ENVIRONMENTS
@pytest.mark.usefixtures("old_and_offline")
def test_where_there_is_no_uv_the_oldest_pip_does_it_alone(
    without_uv: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    checkout, index = without_uv
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    environment = Environment(checkout / ".venv", checkout)
    assert environment.bring("base")
    assert _installed(environment) == _pinned("base")
    assert "pip does it, which takes longer" in capsys.readouterr().err


@_MAKES_ENVIRONMENTS
@pytest.mark.usefixtures("old_and_offline")
def test_that_index_is_one_on_which_the_oldest_pip_fails_if_it_resolves(
    without_uv: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout, index = without_uv
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    pip = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed"]
    resolving = [*pip, "--require-hashes", "-r", str(checkout / "requirements" / "base.txt")]
    told = subprocess.run(resolving, capture_output=True, text=True, check=False)
    assert told.returncode
    assert "all requirements must have their versions pinned" in told.stderr


@_MAKES_ENVIRONMENTS
@pytest.mark.usefixtures("old_and_offline")
def test_what_was_broken_off_is_made_again_from_nothing(
    with_uv: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout, index = with_uv
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    environment = Environment(tmp_path / ".venv", checkout)
    with monkeypatch.context() as patched:
        patched.setattr("venv.create", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            environment.bring("base")
    (environment.folder / "half").touch()
    assert environment.bring("base")
    assert _installed(environment) == _pinned("base")
    assert not (environment.folder / "half").exists()


def _interrupted(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_an_old_python_is_told_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    ast.parse(Path(bootstrap.__file__).read_text(encoding="utf-8"), feature_version=(3, 8))
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    assert main(["unused"]) == 1
    assert "is too old: run `make PYTHON=python3.11` or newer" in capsys.readouterr().err


def test_a_folder_that_is_no_environment_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(Failed, match="is no virtual environment"):
        Environment(tmp_path).bring("base")
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def _environment(folder: Path, version: str, home: Path | None = None) -> Environment:
    """What looks like an environment, of a Python that says it is of a version."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").write_text(f"#!/bin/sh\necho {version}\n")
    (folder / "bin" / "python").chmod(0o755)
    (folder / "bin" / "activate").write_text(f'VIRTUAL_ENV="{home or folder}"')
    return Environment(folder)


def test_one_that_stands_goes_on_being_used(tmp_path: Path) -> None:
    version = f"{sys.version_info[0]} {sys.version_info[1]}"
    assert _environment(tmp_path / "as it was", version).is_sound()
    assert not _environment(tmp_path / "older", "3 10").is_sound()
    assert not _environment(tmp_path / "without pip", "").is_sound()
    assert not _environment(tmp_path / "moved", version, tmp_path / "elsewhere").is_sound()
    assert not Environment(tmp_path / "nowhere").is_sound()


def test_uv_is_told_what_the_settings_of_pip_say(tmp_path: Path) -> None:
    pip = {
        "index-url": "https://mirror.test/simple",
        "extra-index-url": "\nhttps://one.test/simple\nhttps://two.test/simple",
        "find-links": f"{tmp_path} {tmp_path / 'missing'} https://wheels.test/",
        "trusted-host": "mirror.test other.test",
        "cert": "/etc/ssl/mirror.pem",
        "proxy": "http://proxy.test:3128",
        "timeout": "60",
        "no-index": "false",
    }
    told = uv_settings(pip, {"UV_HTTP_TIMEOUT": "5"})
    told.pop("UV_SYSTEM_CERTS", None)
    assert told == {
        "UV_INDEX_URL": "https://mirror.test/simple",
        "UV_EXTRA_INDEX_URL": "https://one.test/simple https://two.test/simple",
        "UV_FIND_LINKS": f"{tmp_path},https://wheels.test/",
        "UV_INSECURE_HOST": "mirror.test other.test",
        "SSL_CERT_FILE": "/etc/ssl/mirror.pem",
        "ALL_PROXY": "http://proxy.test:3128",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
    }
    assert uv_settings({"no-index": "1"}, {})["UV_NO_INDEX"] == "true"


def test_variables_of_pip_go_before_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://file.test/simple\ncert = /file.pem\n[install]\ncert = /install.pem\n"
    )
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_INDEX_URL", "https://variable.test/it's/simple")
    settings = Environment(HERE).pip_settings()
    assert (settings["index-url"], settings["cert"]) == ("https://variable.test/it's/simple", "/install.pem")


_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (("base",), _PROJECT["project"]["dependencies"]),
        (("build",), _PROJECT["dependency-groups"]["build"]),
        (("dev",), [*_PROJECT["project"]["dependencies"], *_PROJECT["build-system"]["requires"]]),
        (("dev",), [each for group in ("test", "lint", "build") for each in _PROJECT["dependency-groups"][group]]),
    ],
)
def test_the_requirements_name_every_package_that_is_needed_so_that_nothing_need_be_resolved(
    names: tuple[str, ...], wanted: list[str]
) -> None:
    found = {pin.name: pin for name in names for pin in pins(ROOT / "requirements" / f"{name}.txt") if pin.counts}
    assert list(_unmet(wanted, found)) == []


def _unmet(wanted: Iterable[str], found: Mapping[str, Pin]) -> Iterator[str]:
    """Requirements, and those of what they lead to with the extras that are asked for, which no pin meets."""
    todo, seen = [Requirement(each) for each in wanted], set[tuple[str, str]]()
    while todo:
        requirement = todo.pop()
        pin = found.get(canonicalize_name(requirement.name))
        if pin is None or not requirement.specifier.contains(pin.version, prereleases=True):
            yield f"{requirement}, pinned {pin.version if pin else 'nowhere'}"
            continue
        new = {(pin.name, extra) for extra in ("", *requirement.extras)} - seen
        seen |= new
        todo += [each for _, extra in new for each in _declared(pin.name, extra)]


def _declared(name: str, extra: str) -> list[Requirement]:
    every = (Requirement(text) for text in needs(name).get("Requires-Dist", ()))
    return [each for each in every if each.marker is None or each.marker.evaluate({"extra": extra})]


def test_the_base_level_is_part_of_the_dev_level() -> None:
    base, dev = (
        {
            (pin.name, pin.version, pin.marker)
            for name in LEVELS[level]
            for pin in pins(ROOT / "requirements" / f"{name}.txt")
        }
        for level in ("base", "dev")
    )
    assert {(name, version) for name, version, _ in base} <= {(name, version) for name, version, _ in dev}
    assert len(base) < len(dev) / 2


@pytest.mark.parametrize("file", sorted((ROOT / "requirements").glob("*.txt")), ids=lambda file: file.stem)
def test_each_release_is_pinned_by_hash_and_no_file_names_where_it_comes_from(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert "://" not in text
    assert re.findall(r"(?m)^[^\s#].*$", text) == [f"{pin.line} \\" for pin in pins(file)]
    assert text.count("==") >= len(pins(file)) > 0
    assert all("--hash=sha256:" in part for part in re.split(r"(?m)^(?=[a-z0-9])", text)[1:])


def test_no_script_asks_pip_to_resolve() -> None:
    scripts = [ROOT / "Makefile", ROOT / "Dockerfile", ROOT / ".ci" / "run", *(ROOT / "tools").rglob("*.py")]
    lines = [line for file in scripts for line in file.read_text(encoding="utf-8").splitlines()]
    asked = [line for line in lines if re.search(r"pip['\"]?,? ['\"]?install ", line)]
    assert asked
    assert [line for line in asked if "--no-deps" not in line] == []
