"""Dependencies and versions of Ruby and PHP packages; a Gemfile is read line by line and never run."""

from __future__ import annotations

import re

from graphmem.sources.manifests.document_texts import json_of, line_of, table_at, text_at
from graphmem.sources.manifests.parts import (
    MAX_COMMAND_CHARS,
    Command,
    Dependency,
    Manifest,
    Part,
    RuntimeVersion,
    clipped,
    groups,
    is_name,
)

GEMS, PHP = "rubygems", "composer"
_GEM = re.compile(r"\s*gem[\s(]+[\"'](?P<name>[\w.-]+)[\"'](?P<rest>.*)")
_VERSION = re.compile(r",\s*[\"'](?P<version>[^\"']{1,60})[\"']")
_GROUPS = re.compile(r"\bgroups?[\s(:=>]*\[?(?P<names>(?:\s*:\w+,?)+)")
_GEMSPEC = re.compile(r"^\s*gemspec\b", re.MULTILINE)
_GEM_DEPENDENCY = re.compile(
    r"\s*\w+\.add_(?:(?P<sort>runtime|development)_)?dependency[\s(]+[\"'](?P<name>[\w.-]+)[\"'](?P<rest>.*)"
)
_GEM_RUBY = re.compile(r"\s*\w+\.required_ruby_version\s*=\s*(?:[\w:.]*new)?[\s(]*[\"'](?P<version>[^\"']{1,60})[\"']")
_GEM_NAME = re.compile(r"^\s*\w+\.name\s*=\s*[\"'](?P<name>[\w.-]+)[\"']", re.MULTILINE)
_RUBY = re.compile(r"^\s*ruby[\s(]+[\"'](?P<version>[^\"']{1,60})[\"']")


def read_gemfile(text: str) -> Manifest:
    """The gems of a `Gemfile`, those in groups by the names of the groups, and its Ruby version.

    The Gemfile of a gem is for its developers: users get the dependencies of the gemspec.
    """
    parts: list[Part] = []
    by_group: dict[str, list[object]] = {}
    of_gem = ["development"] if _GEMSPEC.search(text) else []
    block = of_gem
    for number, line in enumerate(text.splitlines(), start=1):
        gem = _GEM.match(line)
        group = _GROUPS.search(gem["rest"] if gem is not None else line)
        named = re.findall(r":(\w+)", group["names"]) if group is not None else []
        names = [name for name in named if name != "optional"]
        if gem is None:
            block = names if line.rstrip().endswith("do") and names else of_gem if line.strip() == "end" else block
        elif of := names or block:
            by_group.setdefault("-".join(of), []).append(gem["name"])
        else:
            version = ", ".join(_VERSION.findall(gem["rest"])[:3])
            parts.append(Dependency(GEMS, gem["name"], clipped(version), number))
        if ruby := _RUBY.match(line):
            parts.append(RuntimeVersion("ruby", clipped(ruby["version"]), line=number))
    parts += groups(GEMS, [(group, names, False, 1) for group, names in by_group.items()])
    return Manifest(tuple(parts), GEMS)


def read_gemspec(text: str) -> Manifest:
    """The dependencies of a gemspec, and the Ruby versions that it supports."""
    parts: list[Part] = []
    development: list[object] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if dependency := _GEM_DEPENDENCY.match(line):
            if dependency["sort"] == "development":
                development.append(dependency["name"])
            else:
                version = ", ".join(_VERSION.findall(dependency["rest"])[:3])
                parts.append(Dependency(GEMS, dependency["name"], clipped(version), number))
        elif supported := _GEM_RUBY.match(line):
            parts.append(RuntimeVersion("ruby", clipped(supported["version"]), line=number))
    parts += groups(GEMS, [("development", development, False, 1)])
    name = _GEM_NAME.search(text)
    return Manifest(tuple(parts), GEMS, name=name["name"] if name is not None else "")


def read_ruby_version(text: str) -> Manifest:
    """The version of a `.ruby-version`."""
    version = text.strip()
    if not re.fullmatch(r"[\w.-]{1,40}", version):
        return Manifest()
    return Manifest((RuntimeVersion("ruby", version, is_development=True),))


def read_composer(text: str) -> Manifest:
    """The parts of a `composer.json`."""
    package = json_of(text)
    parts: list[Part] = []
    for name, constraint in table_at(package, "require").items():
        shown, line = clipped(constraint if constraint != "*" else ""), line_of(text, f'"{name}"')
        if name == "php":
            parts.append(RuntimeVersion("php", shown, line=line))
        elif "/" in name and is_name(name):
            parts.append(Dependency(PHP, name, shown, line))
    development = [name for name in table_at(package, "require-dev") if "/" in name]
    parts += groups(PHP, [("dev", development, False, line_of(text, '"require-dev"'))])
    for name, script in table_at(package, "scripts").items():
        if is_name(name):
            runs = script if isinstance(script, str) else ""
            parts.append(
                Command(name, f"composer {name}", clipped(runs, MAX_COMMAND_CHARS), line=line_of(text, f'"{name}"'))
            )
    return Manifest(tuple(parts), PHP, name=text_at(package, "name"))
