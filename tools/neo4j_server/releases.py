"""The releases that can be started, and what each needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

_HERE = Path(__file__).parent
_NAMES = {"pom": "http://maven.apache.org/POM/4.0.0"}
_OPENED = ("java.nio", "java.io", "sun.nio.ch")


class CannotStart(Exception):
    """The server cannot be fetched or started; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Release:
    """One line of Neo4j releases.

    Attributes:
        name: As `--version` takes it.
        pom: The Maven file that pins the exact version.
        javas: Major versions of Java that it runs on, the one it is tested on first.
        main_class: What Java starts.
        java_options: What Java needs for it.
    """

    name: str
    pom: Path
    javas: tuple[int, ...]
    main_class: str
    java_options: tuple[str, ...]

    @property
    def version(self) -> str:
        """The exact version, such as 5.26.30."""
        found = ET.parse(self.pom).findtext("pom:properties/pom:neo4j.version", namespaces=_NAMES)  # noqa: S314 - own file
        assert found is not None  # noqa: S101 - own file
        return found


_OPENS = tuple(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED)
RELEASES = {
    one.name: one
    for one in (
        Release("5.26", _HERE / "lts" / "pom.xml", (17, 21), "org.neo4j.server.CommunityEntryPoint", _OPENS),
        Release(
            "calendar",
            _HERE / "calendar" / "pom.xml",
            (25, 21),
            "org.neo4j.server.Neo4jCommunity",
            (*_OPENS, "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED"),
        ),
    )
}
