"""Precision and recall of statements by rule: `python -m benchmarks.capture CLONES`.

CLONES holds bare clones of the repositories of `logs.py`, as `OWNER+NAME/repo`. Prints the findings that have no label.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from benchmarks.capture.findings import Finding, Label, findings_in, read_labels, sample
from benchmarks.capture.logs import REPOSITORIES, Log, Part, logs_in
from benchmarks.capture.places import places_in
from benchmarks.rows import Row, show, write

_GOAL = 0.9
#: Findings of the logs that rules were chosen on that are labelled, in each repository.
_SAMPLE = 100


def main() -> None:
    """Print the figures and the findings without a label, and write `results/capture.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", type=Path)
    logs = [log for name in REPOSITORIES for log in logs_in(parser.parse_args().clones, name)]
    labels = read_labels()
    rows = [*_first_readings(labels)]
    found: list[Finding] = []
    for _, group in groupby(logs, key=lambda log: log.repository):
        found += _of_repository(list(group))
    rows += [*_precision(found, labels), *_recall(logs, found, labels)]
    show(rows)
    write("capture", rows)


def _of_repository(logs: Sequence[Log]) -> Iterator[Finding]:
    chosen = [log for log in logs if log.part is Part.CHOSEN_ON]
    yield from sample(findings_in(chosen), _SAMPLE)
    for part in Part:
        if part is not Part.CHOSEN_ON:
            yield from findings_in(log for log in logs if log.part is part)


def _first_readings(labels: Iterable[Label]) -> Iterator[Row]:
    """Yield the precision of each left-out part when it was first read, before rules were changed for it."""
    for part in Part:
        first = [label for label in labels if label.part == part and label.first is not None]
        if first:
            yield _share(f"precision, {part}", [bool(label.first) for label in first], _GOAL)


def _precision(found: Iterable[Finding], labels: Iterable[Label]) -> Iterator[Row]:
    """Yield the precision of this version by part and by rule, and print the findings without a label."""
    verdicts = {label.key: label.is_right for label in labels if not label.is_place}
    judged: list[tuple[Finding, bool]] = []
    for finding in found:
        if finding.key in verdicts:
            judged.append((finding, verdicts[finding.key]))
        else:
            print(f"no label: {' '.join(finding.key)} [{finding.rule}] {finding.title}\n    {finding.quote}")
    for part in Part:
        now = [is_right for finding, is_right in judged if finding.log.part is part]
        if now:
            yield _share(f"precision now, {part}", now)
    for rule in sorted({finding.rule for finding, _ in judged}):
        now = [right for finding, right in judged if finding.rule == rule and finding.log.part is not Part.CHOSEN_ON]
        if now:
            yield _share(f"precision now, left out, form {rule!r}", now)


def _recall(logs: Iterable[Log], found: Sequence[Finding], labels: Iterable[Label]) -> Iterator[Row]:
    """Yield the share of labelled places with a decision that a finding quotes, in logs that were left out."""
    wanted = {label.key for label in labels if label.is_place and label.is_right}
    quotes = {
        path: [" ".join(finding.quote.split()) for finding in group]
        for path, group in groupby(found, key=lambda finding: (finding.log.repository, finding.log.path))
    }
    places = {place.key: place for log in logs for place in places_in(log) if place.key in wanted}
    hits = [
        any(quote in place.text or place.text in quote for quote in quotes.get(key[:2], ()))
        for key, place in places.items()
    ]
    if hits:
        yield _share("recall now, marked places with a decision, left out", hits)


def _share(name: str, verdicts: Sequence[bool], goal: float | None = None) -> Row:
    return Row(f"{name} ({sum(verdicts)} of {len(verdicts)})", sum(verdicts) / len(verdicts), "share", "higher", goal)


if __name__ == "__main__":
    main()
