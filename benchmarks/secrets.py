"""What the secrets gate finds, and what it takes for a secret and is none.

    python -m benchmarks.secrets GITLEAKS KINGFISHER --tasks FILE --clones CLONE...

GITLEAKS is a clone of github.com/gitleaks/gitleaks at the commit of the pinned rules: each rule is tried on the
examples and counter-examples in its own source. KINGFISHER is one of github.com/mongodb/kingfisher, whose tag v1.10.0
is read: examples of other authors, for 20 families of secrets and over all. FILE has tasks as JSON lines, CLONE are any
repositories, for their commit messages. Prints, and writes to `results/secrets.json`.

graphmem's own rules follow the formats that the providers document. They were written after a list of all examples that
the pinned rules miss, so neither half of a family's examples is unseen; every second one is reported beside all.
Examples that a program makes in gitleaks' sources are not read.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import yaml

from benchmarks.go_literals import literals
from benchmarks.rows import Row, show, write
from graphmem import GraphMemory, Scope
from graphmem.adapters.sqlite import SQLiteStore
from graphmem.opening import utc_now
from graphmem.secrets.policy import SecretPolicy
from graphmem.secrets.rules import RuleBook, rule_book
from graphmem.secrets.scanner import Scanner
from graphmem.service import ServiceContext
from graphmem.service.secret_gate import SecretGate
from tests.fake_embedder import no_embedder

TAG = "v1.10.0"
#: The families, each with the files of Kingfisher that are named after it.
FAMILIES = {
    **{
        name: (name,)
        for name in (
            *("github", "gitlab", "aws", "gcp", "azure", "slack", "stripe", "npm", "pypi", "rubygems", "openai"),
            *("anthropic", "huggingface", "jwt", "sendgrid", "twilio", "digitalocean", "databricks", "grafana"),
        )
    },
    "private keys": ("pem", "privkey"),
}
_RULE_ID = re.compile(r'RuleID:\s*"([^"]+)"')
_ROUNDS, _ADDS = 7, 300
_PINNED = "gitleaks.json"


@dataclass(frozen=True, slots=True)
class Example:
    """A text with a secret, or without one, by the rule that it was written for."""

    rule: str
    text: str
    path: str = ""


def main() -> None:
    """Print and write all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gitleaks", type=Path)
    parser.add_argument("kingfisher", type=Path)
    parser.add_argument("--tasks", type=Path, required=True)
    parser.add_argument("--clones", type=Path, nargs="*", default=[])
    asked = parser.parse_args()
    rows = [
        *own_examples(asked.gitleaks),
        *foreign_examples(asked.kingfisher),
        *false_alarms(tasks(asked.tasks), {clone.parent.name: messages(clone) for clone in asked.clones}),
        *cost(),
    ]
    show(rows)
    write("secrets", rows)


# ---- gitleaks' own examples


def own_examples(clone: Path) -> Iterator[Row]:
    """Yield the shares of examples found and of counter-examples found, each by the rule it was written for."""
    book = rule_book(_PINNED)
    scanners = {rule.name: Scanner(RuleBook((rule,), book.allowed)) for rule in book.rules}
    right, wrong = list[Example](), list[Example]()
    for name in _git(clone, "ls-tree", "--name-only", "HEAD", "cmd/generate/config/rules/").split():
        for part in _git(clone, "show", f"HEAD:{name}").split("\nfunc ")[1:]:
            named = _RULE_ID.search(part)
            if named is not None and named[1] in scanners:
                right += (Example(named[1], text, path) for path, text in literals(part, "tps"))
                wrong += (Example(named[1], text, path) for path, text in literals(part, "fps"))
    found = [bool(scanners[each.rule].find(each.text, each.path)) for each in right]
    taken = [bool(scanners[each.rule].find(each.text, each.path)) for each in wrong]
    for each, is_hit in zip(right, found, strict=True):
        if not is_hit:
            print(f"not found: {each.rule} {each.text[:60]!r}")
    for each, is_hit in zip(wrong, taken, strict=True):
        if is_hit:
            print(f"taken for one: {each.rule} {each.text[:60]!r}")
    yield Row("secrets, examples of the pinned rules", len(right), "texts", "higher")
    yield Row("secrets, examples of the pinned rules found", _share(found), "share", "higher", 0.99)
    yield Row("secrets, counter-examples of the pinned rules", len(wrong), "texts", "higher")
    yield Row("secrets, counter-examples of the pinned rules taken for one", sum(taken), "texts", "lower", 0)


# ---- examples of others


def foreign_examples(clone: Path) -> Iterator[Row]:
    """Yield the share found of Kingfisher's examples, by the pinned rules and by all rules, by family and over all."""
    examples = dict(kingfisher(clone))
    pinned, every = Scanner(rule_book(_PINNED)), Scanner()
    of_families = {
        family: [text for name in names for text in examples.get(name, ())] for family, names in FAMILIES.items()
    }
    for name, scanner, goal in (("pinned rules", pinned, None), ("all rules", every, 0.95)):
        hits = {family: [bool(scanner.find(text)) for text in texts] for family, texts in of_families.items()}
        all_hits = [hit for found in hits.values() for hit in found]
        rest = [hit for found in hits.values() for hit in found[1::2]]
        yield Row(f"secrets, 20 families, {name}", _share(all_hits), "share", "higher", goal)
        yield Row(f"secrets, 20 families, {name}, every second example", _share(rest), "share", "higher", goal)
        if scanner is every:
            for family, found in hits.items():
                yield Row(f"secrets, {family}, {sum(found)} of {len(found)}", _share(found), "share", "higher")
        total = [bool(scanner.find(text)) for texts in examples.values() for text in texts]
        yield Row(f"secrets, every example of Kingfisher, {name}", _share(total), "share", "higher")


def kingfisher(clone: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the examples in each file of rules, by its name."""
    for path in _git(clone, "ls-tree", "--name-only", TAG, "data/rules/").split():
        document: dict[str, Any] = yaml.safe_load(_git(clone, "show", f"{TAG}:{path}"))
        yield Path(path).stem, [text for rule in document["rules"] for text in rule.get("examples") or ()]


# ---- texts without secrets


def false_alarms(tasks: list[str], commits: dict[str, list[str]]) -> Iterator[Row]:
    """Yield how many of 1,000 texts have something redacted, and the processor time a text."""
    scanner = Scanner()
    hit: dict[str, int] = {}
    redactions = 0
    started = time.process_time()
    for name, texts in {"tasks": tasks, **commits}.items():
        found = [len(scanner.find(text)) for text in texts]
        hit[name] = sum(map(bool, found))
        redactions += sum(found)
    seconds = time.process_time() - started
    count = len(tasks) + sum(map(len, commits.values()))
    yield Row("secrets, texts of tasks and commits", count, "texts", "higher")
    yield Row("secrets, redacted texts of 1,000", round(1000 * sum(hit.values()) / count, 3), "texts", "lower", 0.2)
    yield Row("secrets, redactions in 1,000 texts", round(1000 * redactions / count, 3), "redactions", "lower")
    for name, texts in {"tasks": tasks, **commits}.items():
        yield Row(f"secrets, redacted of {name}, {len(texts):,}", hit[name], "texts", "lower")
    yield Row("secrets, processor time a task or commit", round(1e6 * seconds / count, 1), "µs", "lower")


def tasks(file: Path) -> list[str]:
    """Return the texts of each task, as one."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        rows = map(json.loads, lines)
        return ["\n".join(value for value in row.values() if isinstance(value, str)) for row in rows]


def messages(clone: Path) -> list[str]:
    """Return the messages of all commits of a repository."""
    return _git(clone, "log", "--all", "--format=%B%x00").split("\x00")[:-1]


# ---- what it costs


def cost() -> Iterator[Row]:
    """Yield the time of adds with the gate in relation to adds without, in turns on one store each."""
    seconds: dict[SecretPolicy, list[float]] = {SecretPolicy.OFF: [], SecretPolicy.REDACT: []}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as opened:
        memories = {}
        for policy in seconds:
            store = opened.enter_context(SQLiteStore.open(Path(folder) / f"{policy}.db", create=True))
            gate = cache(partial(SecretGate, policy))
            context = ServiceContext(store, scope=Scope(), actor="b", clock=utc_now, embedder=no_embedder, gate=gate)
            memories[policy] = GraphMemory(context)
        for number in range(_ROUNDS):
            for policy, memory in memories.items():
                started = time.perf_counter()
                for each in range(_ADDS):
                    memory.add(f"Rule {number}.{each}: keys of tokens are rotated by the service account {each}")
                seconds[policy].append(time.perf_counter() - started)
    ratio = statistics.median(seconds[SecretPolicy.REDACT]) / statistics.median(seconds[SecretPolicy.OFF])
    yield Row("secrets, adds with the gate by adds without", round(ratio, 3), "ratio", "lower")


def _share(hits: Sequence[bool]) -> float:
    return round(sum(hits) / len(hits), 3)


def _git(clone: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", str(clone), *words], check=True, capture_output=True)
    return done.stdout.decode("utf-8", "replace")


if __name__ == "__main__":
    main()
