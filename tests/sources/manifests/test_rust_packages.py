"""What Rust crates declare."""

from __future__ import annotations

from graphmem.sources.manifests.parts import FROM_WORKSPACE, Dependency, DependencyGroup, EntryPoint, RuntimeVersion
from graphmem.sources.manifests.rust_packages import read_cargo, read_rust_toolchain

CRATE = """
[package]
name = "shop"
rust-version = "1.78"
[dependencies]
tokio = { version = "1.44", features = ["rt"] }
serde = { workspace = true }
core = { path = "../core" }
net = { package = "real-net", version = "2" }
[target.'cfg(unix)'.dependencies]
libc = { version = "0.2", optional = true }
[dev-dependencies]
rstest = "0.20"
[[bin]]
name = "shopd"
"""


def test_a_crate_has_dependencies_groups_a_version_and_binaries() -> None:
    parts = read_cargo(CRATE).parts
    found = {part.name: part.constraint for part in parts if isinstance(part, Dependency)}
    assert found == {
        "tokio": "1.44",
        "serde": FROM_WORKSPACE,
        "core": "from ../core",
        "real-net": "2",
        "libc": "0.2",
    }
    assert {part.role for part in parts if isinstance(part, Dependency) and part.name == "libc"} == {
        "optional runtime dependency"
    }
    assert [part.names for part in parts if isinstance(part, DependencyGroup)] == [("rstest",)]
    assert RuntimeVersion("rust", ">=1.78", line=4) in parts
    assert [part.name for part in parts if isinstance(part, EntryPoint)] == ["shopd"]


def test_a_workspace_shares_versions() -> None:
    text = (
        '[workspace]\nmembers = ["a"]\n[workspace.package]\nrust-version = "1.80"\n'
        '[workspace.dependencies]\nserde = "1.0"\n'
    )
    assert read_cargo(text).shared == (("serde", "1.0"), ("rust-version", ">=1.80"))


def test_a_toolchain_is_that_of_developers() -> None:
    expected = (RuntimeVersion("rust", "1.81", is_development=True),)
    assert read_rust_toolchain("1.81\n").parts == expected
    assert read_rust_toolchain('[toolchain]\nchannel = "1.81"\n').parts == expected
    assert not read_rust_toolchain("no toolchain at all\n").parts
