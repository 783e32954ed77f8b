"""Tiny wheels, and an index of them shaped like the packages that are really pinned.

Each pinned package is there in the pinned release, with the metadata of the one that is installed here (what it
depends on, with which extras), and in a newer release besides.
"""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from importlib import metadata
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).parent.parent
#: Those of which environments of the checkout are made.
FILES = tuple(
    ROOT / "requirements" / f"{name}.txt" for name in ("base", "build", "dev", "installer", "oldest-pip", "weights")
)
NEWER = "9999.0"
# A package that needs no other to be installed from its folder: its wheel lies there, ready.
_CHECKOUT = {
    "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    "backend.py": """\
import shutil

def build_editable(folder, config_settings=None, metadata_directory=None):
    return shutil.copy("graphmem-0.1.0-py3-none-any.whl", folder).rsplit("/", 1)[-1]
""",
}
_PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)(?: ; (.+?))? \\$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Pin:
    """A line of a file of requirements."""

    name: str
    version: str
    marker: str = ""

    @property
    def line(self) -> str:
        """As it stands in a file, without hashes."""
        return f"{self.name}=={self.version}" + (f" ; {self.marker}" if self.marker else "")

    @property
    def counts(self) -> bool:
        """Whether it is for this platform and interpreter."""
        return not self.marker or Marker(self.marker).evaluate()


def pins(file: Path) -> list[Pin]:
    """What a file of requirements pins."""
    return [Pin(name, version, marker) for name, version, marker in _PIN.findall(file.read_text(encoding="utf-8"))]


def write_wheel(folder: Path, pin: Pin, headers: Mapping[str, Sequence[str]], files: Mapping[str, bytes]) -> str:
    """Put a wheel of a pure package into a folder.

    Args:
        folder: Where it is put.
        pin: The package and its release.
        headers: Of its metadata, beyond name and version.
        files: What it holds beside the metadata; all of it may be run.

    Returns:
        The SHA-256 of the wheel.
    """
    stem = f"{re.sub('[-.]', '_', pin.name)}-{pin.version}"
    told = Message()
    for header, values in {
        "Metadata-Version": ["2.1"],
        "Name": [pin.name],
        "Version": [pin.version],
        **headers,
    }.items():
        for value in values:
            told[header] = value
    inside = {
        **files,
        f"{stem}.dist-info/METADATA": told.as_bytes(),
        f"{stem}.dist-info/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = f"{stem}.dist-info/RECORD"
    inside[record] = "".join(f"{path},,\n" for path in (*inside, record)).encode()
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in inside.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = (stat.S_IFREG | 0o755) << 16
            wheel.writestr(member, content)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def mirror(checkout: Path, index: Path, uv: Path | None) -> None:
    """Write requirements as ours for a checkout, and an index with each pinned release and a newer one.

    Args:
        checkout: Gets `requirements/`, with the hashes of the index, and a package that can be installed.
        index: A folder, which gets the wheels.
        uv: What the pinned release of uv is to hold; without it the index has none.
    """
    (checkout / "requirements").mkdir()
    for file in FILES:
        lines = [f"{pin.line} --hash=sha256:{_publish(pin, index, uv)}\n" for pin in pins(file)]
        (checkout / "requirements" / file.name).write_text("".join(lines), encoding="utf-8")
    write_wheel(checkout, Pin("graphmem", "0.1.0"), {}, {})
    for name, text in _CHECKOUT.items():
        (checkout / name).write_text(text, encoding="utf-8")


def _publish(pin: Pin, index: Path, uv: Path | None) -> str:
    """Both releases of a package; the hash of the pinned one."""
    headers = needs(pin.name)
    if pin.name != "uv":
        write_wheel(index, Pin(pin.name, NEWER), headers, {})
        return write_wheel(index, pin, headers, {})
    if uv is None:
        return "0" * 64
    write_wheel(index, Pin(pin.name, NEWER), headers, {})
    return write_wheel(index, pin, headers, {f"uv-{pin.version}.data/scripts/{uv.name}": uv.read_bytes()})


def needs(name: str) -> dict[str, list[str]]:
    """What the installed release of a package declares to depend on, as headers; nothing if none is installed."""
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return {}
    return {header: told.get_all(header, []) for header in ("Requires-Dist", "Provides-Extra")}
