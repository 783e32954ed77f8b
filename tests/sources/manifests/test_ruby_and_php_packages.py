"""What Ruby and PHP packages declare."""

from __future__ import annotations

from graphmem.sources.manifests.parts import Command, Dependency, DependencyGroup, RuntimeVersion
from graphmem.sources.manifests.ruby_and_php_packages import (
    read_composer,
    read_gemfile,
    read_gemspec,
    read_ruby_version,
)


def test_a_gemfile_has_gems_and_groups() -> None:
    text = (
        'ruby "3.3.0"\ngem "rails", "~> 7.1", ">= 7.1.2"\ngem "pg"\ngroup :development, :test, :optional => true do\n'
        '  gem "rspec"\nend\n'
        'gem "puma", group: :production\n'
    )
    parts = read_gemfile(text).parts
    assert Dependency("rubygems", "rails", "~> 7.1, >= 7.1.2", 2) in parts
    assert Dependency("rubygems", "pg", "", 3) in parts
    assert RuntimeVersion("ruby", "3.3.0", line=1) in parts
    groups = {part.group: part.names for part in parts if isinstance(part, DependencyGroup)}
    assert groups == {"development-test": ("rspec",), "production": ("puma",)}


def test_a_composer_json_has_packages_and_scripts() -> None:
    text = (
        '{"require": {"php": ">=8.1", "ext-json": "*", "a/b": "^2"}, "require-dev": {"c/d": "1"}, '
        '"scripts": {"test": "phpunit"}}'
    )
    parts = read_composer(text).parts
    assert parts == (
        RuntimeVersion("php", ">=8.1"),
        Dependency("composer", "a/b", "^2"),
        DependencyGroup("composer", "dev", ("c/d",)),
        Command("test", "composer test", "phpunit"),
    )


def test_a_ruby_version_is_that_of_developers() -> None:
    assert read_ruby_version("3.3.0\n").parts == (RuntimeVersion("ruby", "3.3.0", is_development=True),)


def test_the_gemfile_of_a_gem_is_for_its_developers() -> None:
    parts = read_gemfile('gemspec\ngem "rake"\ngroup :test do\n  gem "rspec"\nend\ngem "yard"\n').parts
    assert {part.group: part.names for part in parts if isinstance(part, DependencyGroup)} == {
        "development": ("rake", "yard"),
        "test": ("rspec",),
    }
    assert not [part for part in parts if isinstance(part, Dependency)]


def test_a_gemspec_has_the_dependencies_of_users() -> None:
    manifest = read_gemspec(
        "Gem::Specification.new do |s|\n  s.name = 'shop'\n  s.required_ruby_version = '>= 2.7'\n"
        "  s.add_dependency 'rack', '>= 3.0.0', '< 4'\n  s.add_runtime_dependency('tilt', version)\n"
        "  s.add_development_dependency 'rake'\nend\n"
    )
    assert manifest.name == "shop"
    assert manifest.parts == (
        RuntimeVersion("ruby", ">= 2.7", line=3),
        Dependency("rubygems", "rack", ">= 3.0.0, < 4", 4),
        Dependency("rubygems", "tilt", "", 5),
        DependencyGroup("rubygems", "development", ("rake",)),
    )
