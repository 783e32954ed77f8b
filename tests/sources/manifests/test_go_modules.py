"""What Go modules declare."""

from __future__ import annotations

from graphmem.sources.manifests.go_modules import read_go_mod
from graphmem.sources.manifests.parts import Command, Dependency, RuntimeVersion

MODULE = """module example.org/shop

go 1.22.1
toolchain go1.23.0

require github.com/spf13/cobra v1.8.0
require (
\tgithub.com/lib/pq v1.10.9
\tgolang.org/x/sys v0.20.0 // indirect
)
replace github.com/lib/pq => ../pq
"""


def test_only_direct_requirements_are_dependencies() -> None:
    parts = read_go_mod(MODULE).parts
    assert [part for part in parts if isinstance(part, Dependency)] == [
        Dependency("go", "github.com/spf13/cobra", "v1.8.0", 6, "direct dependency"),
        Dependency("go", "github.com/lib/pq", "v1.10.9", 8, "direct dependency"),
    ]


def test_the_directive_is_the_supported_version_and_the_toolchain_that_of_developers() -> None:
    versions = [part for part in read_go_mod(MODULE).parts if isinstance(part, RuntimeVersion)]
    assert versions == [
        RuntimeVersion("go", ">=1.22.1", line=3),
        RuntimeVersion("go", "1.23.0", is_development=True, line=4),
    ]


def test_a_module_has_the_usual_commands() -> None:
    commands = [part.invocation for part in read_go_mod(MODULE).parts if isinstance(part, Command)]
    assert commands == ["go test ./...", "go build ./..."]
