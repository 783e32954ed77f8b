"""Options of a decision on the command line: `--rejected NAME --key KEY --reason TEXT`, several times in a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Alternative, Outcome
from graphmem.option_keys import OptionKey, parse_option_text

if TYPE_CHECKING:
    from importlib.metadata import Distribution

_OUTCOMES = {"--chosen": Outcome.CHOSEN, "--rejected": Outcome.REJECTED}
_KEY, _REASON = "--key", "--reason"
_META = "graphmem.options"


@dataclass(slots=True)
class _OptionGroup:
    """An option with its keys and its reason."""

    outcome: Outcome
    text: str
    keys: list[str]
    reason: str | None = None

    def alternative(self) -> Alternative:
        """Return the option with parsed keys; `NAME [KEY]: REASON` in one text is read too."""
        option = parse_option_text(self.text)
        if self.reason is not None:
            option = replace(option, reason=self.reason)
        keys = (*option.keys, *self.keys)
        return Alternative(option.name, self.outcome, option.reason, tuple(dict.fromkeys(map(_canonical, keys))))


class CommandWithOptions(click.Command):
    """A command in whose arguments `--key` and `--reason` belong to the `--rejected` or `--chosen` before them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the keys and reasons of options out of the arguments, and parse the rest."""
        groups: list[_OptionGroup] = []
        rest = [
            token for word, value, tokens in self._pairs(args) if not _taken(groups, word, value) for token in tokens
        ]
        ctx.meta[_META] = groups
        return super().parse_args(ctx, rest)

    def _pairs(self, args: Sequence[str]) -> Iterator[tuple[str, str | None, list[str]]]:
        """Yield each option with its value and the arguments that give both; other arguments without a value."""
        options = (param for param in self.params if isinstance(param, click.Option) and not param.is_flag)
        flags = {flag for option in options for flag in option.opts}
        tokens = iter(args)
        for token in tokens:
            word, is_joined, joined = token.partition("=")
            if token == "--":  # noqa: S105 - the end of the options
                yield token, None, [token, *tokens]
            elif word not in flags:
                yield token, None, [token]
            elif is_joined:
                yield word, joined, [token]
            else:
                value = next(tokens, None)
                yield word, value, [token] if value is None else [token, value]


def _taken(groups: list[_OptionGroup], word: str, value: str | None) -> bool:
    """Return True if an argument belongs to an option before it, after adding it there.

    Raises:
        UsageError: A key has no option before it.
    """
    if value is None:
        return False
    if word in _OUTCOMES:
        groups.append(_OptionGroup(_OUTCOMES[word], value, []))
    elif word == _KEY:
        if not groups:
            raise click.UsageError(f"--key {value} has no option before it: put it behind --rejected NAME")
        groups[-1].keys.append(value)
        return True
    elif word == _REASON and groups and groups[-1].reason is None and not parse_option_text(groups[-1].text).reason:
        groups[-1].reason = value
        return True
    return False


def options_given() -> tuple[Alternative, ...]:
    """Return the options of the current command, chosen options first.

    Raises:
        InvalidInput: A key has no known type, or is none of its type.
    """
    groups: list[_OptionGroup] = click.get_current_context().meta.get(_META, [])
    chosen_first = sorted(groups, key=lambda group: group.outcome is not Outcome.CHOSEN)
    return tuple(group.alternative() for group in chosen_first)


def _canonical(text: str) -> str:
    """Return a key as it is recorded: with the imported names that an installed package has."""
    key = OptionKey.parse(text)
    return str(key.with_imports(_installed_imports(key.name) if key.system == "pypi" else ()))


def _installed_imports(package: str) -> tuple[str, ...]:
    """Return the top-level names that the metadata of an installed package gives; private names are left out."""
    from importlib.metadata import distributions

    # Of all packages at once, as `packages_distributions` reads them, it takes a second.
    names = {name for installed in distributions(name=package) for name in _top_level_names(installed)}
    return tuple(sorted(name for name in names if not name.startswith("_") and name.isidentifier()))


def _top_level_names(installed: Distribution) -> set[str]:
    """Return the modules and folders that a package installs, as it declares them or by its list of files."""
    if declared := installed.read_text("top_level.txt"):
        return set(declared.split())
    sources = (file for file in installed.files or () if file.suffix == ".py")
    return {file.parts[0] if len(file.parts) > 1 else file.stem for file in sources}
