"""Truth and speed of the verdicts on memories: `python -m benchmarks.verification [FOLDER]`.

FOLDER holds a bare clone of each repository of `labels.jsonl`, as `OWNER+NAME/repo`; without it, only figures that need
no clones are printed. `SETS.md` says on which repositories the rules were chosen. The rule files and decision records
of a repository at four earlier commits are the memories, and its last commit is checked.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.rows import Row, show, write
from benchmarks.verification.reports import Label, Report, read_labels, reports
from benchmarks.verification.seeded import Outcome, run_in_clone, run_in_made_repository
from benchmarks.verification.speed import speed_rows

_PRECISION, _RECALL = 0.9, 0.98
_SETS = ("first", "second", "third")
_SEEDS, _SEEDS_A_CLONE = 100, 20

Key = tuple[str, str, str, str, str]


def main(arguments: Sequence[str]) -> int:
    """Measure, print the table and write `results/verification.json`; 0 if every goal is met."""
    labels = read_labels()
    rows = [*_first_readings(labels)]
    with tempfile.TemporaryDirectory() as place:
        rows += [*_recall_rows("made repository", [run_in_made_repository(Path(place) / "made.git", _SEEDS, 1)])]
        if arguments:
            rows += [*_precision_now(Path(arguments[0]), labels)]
            rows += [*_recall_rows("clones", list(_clone_outcomes(Path(arguments[0]), Path(place), labels)))]
        rows += speed_rows(Path(place) / "speed.git")
    show(rows)
    write("verification", rows)
    return int(any(row.is_met is False for row in rows))


def _first_readings(labels: Sequence[Label]) -> Iterator[Row]:
    for name in _SETS:
        listed = [label for label in labels if label.set == name and label.is_first_reading]
        repositories = len({label.report.repo for label in listed})
        about = f"{len(listed)} reports in {repositories} repositories"
        share = sum(label.is_right for label in listed) / len(listed)
        # The first set was read before a name without a folder verified anywhere.
        yield Row(
            f"precision, {name} set when first read ({about})",
            share,
            "",
            "higher",
            None if name == "first" else _PRECISION,
        )


def _precision_now(folder: Path, labels: Sequence[Label]) -> Iterator[Row]:
    """The precision of the reports of this version that have a label."""
    by_key = {_key(label.report): label for label in labels}
    for name in _SETS:
        tips = {label.report.repo: label.report.tip for label in labels if label.set == name}
        right = judged = 0
        for repo, tip in sorted(tips.items()):
            for report, _, _ in reports(_clone(folder, repo), repo, tip):
                label = by_key.get(_key(report))
                if label is None:
                    print(f"no label: {report.repo} {report.kind} {report.target} {report.verdict} {report.current}")
                else:
                    right, judged = right + label.is_right, judged + 1
        yield Row(
            f"precision, {name} set now ({judged} reports with a label)",
            right / max(judged, 1),
            "",
            "higher",
            _PRECISION,
        )


def _key(report: Report) -> Key:
    return report.repo, report.kind, report.target, report.verdict, report.current


def _clone(folder: Path, repo: str) -> Path:
    return folder / repo.replace("/", "+") / "repo"


def _clone_outcomes(folder: Path, place: Path, labels: Sequence[Label]) -> Iterator[Outcome]:
    for repo in sorted({label.report.repo for label in labels}):
        yield run_in_clone(_clone(folder, repo), place / f"{repo.replace('/', '+')}.git", _SEEDS_A_CLONE, 1)


def _recall_rows(name: str, outcomes: Sequence[Outcome]) -> Iterator[Row]:
    seeds = sum(outcome.seeds for outcome in outcomes)
    missed = [text for outcome in outcomes for text in outcome.missed]
    alarms = [text for outcome in outcomes for text in outcome.false_alarms]
    for text in (*missed, *alarms):
        print(f"{name}: {text[:300]}")
    yield Row(
        f"recall of seeded breakages, {name} ({seeds} seeds)", 1 - len(missed) / max(seeds, 1), "", "higher", _RECALL
    )
    yield Row(f"alarms about what was not broken, {name}", float(len(alarms)), "", "lower", 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
