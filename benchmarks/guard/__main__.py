"""What guard finds in packs of bans and in cases made from histories, and what that costs.

python -m benchmarks.guard [DATA]                       the pack of bans in DATA/bans
python -m benchmarks.guard [DATA] --settings DIR …      and with rules read from the settings of git directories
python -m benchmarks.guard [DATA] --repo DIR …          and cases made from the histories of git directories
python -m benchmarks.guard [DATA] --speed               and what a change costs, and how that grows with the memories
python -m benchmarks.guard [DATA] --records             and what it says of the words of the records in DATA/adrs/raw
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.data_folder import data_folder
from benchmarks.guard.cases import cases_in, rules_in
from benchmarks.guard.history_cases import made_from
from benchmarks.guard.record_words import record_words
from benchmarks.guard.scoring import Score, scored
from benchmarks.guard.speed import speed_rows
from benchmarks.rows import Row, write

_FILES = ("cases.jsonl", "extra.jsonl")


def main() -> None:
    """Print the scores, and write them to `results/guard.json`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--repo", type=Path, nargs="*", default=[], help="git directories, as OWNER+NAME/repo")
    parser.add_argument(
        "--settings", type=Path, nargs="*", default=[], help="read the rules of these repositories there"
    )
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--records", action="store_true")
    parser.add_argument("--wrong", type=int, default=0, help="show so many wrong cases of each part")
    asked = parser.parse_args()
    rows: list[Row] = []
    bans = asked.data / "bans"
    if bans.is_dir():
        rules = rules_in(bans / "rules.jsonl")
        cases = list(cases_in(bans / name for name in _FILES if (bans / name).exists()))
        rows += _shown("pack I", scored(rules, cases), asked.wrong)
        settings = {folder.parent.name.replace("+", "/", 1): folder for folder in asked.settings}
        if settings:
            own = [case for case in cases if case.repo in settings]
            rows += _shown("pack I, rules from the settings", scored(rules, own, settings), asked.wrong)
    for folder in asked.repo:
        rules, cases = made_from(folder)
        print(f"\n{len(rules)} rules: " + ", ".join(sorted({rule["key"] for rule in rules})))
        rows += _shown(rules[0]["repo"] if rules else folder.name, scored(rules, cases), asked.wrong)
    if asked.records:
        rows += _of_records(asked.data / "adrs" / "raw")
    if asked.speed:
        rows += speed_rows()
    write("guard", rows)


def _shown(name: str, score: Score, wrong: int) -> list[Row]:
    print(f"\n{name}")
    for key in sorted(score.total):
        counts = f"{score.total[key]:6} cases {score.found[key]:6} found {score.excused[key]:4} excused"
        print(f"  {key[0]:28}{key[1]:42}{counts}")
    for case in score.wrong[:wrong]:
        print(json.dumps({"cid": case.cid, "why": case.why, "at": str(case.at)}), case.diff[:3_000], sep="\n")
    found, returns = score.of(None, is_return=True)
    alarms, silent = score.of(None, is_return=False)
    excused = sum(count for key, count in score.excused.items() if key[1] == "excused")
    wanted = sum(count for key, count in score.total.items() if key[1] == "excused")
    print(f"  recall {found}/{returns}, false alarms {alarms}/{silent}, excused {excused}/{wanted}")
    rows = [
        Row(f"guard/{name}/recall", found / returns if returns else 1.0, "share", "higher", 0.98),
        Row(
            f"guard/{name}/false alarms", 1_000 * alarms / silent if silent else 0.0, "per 1,000 changes", "lower", 1.0
        ),
    ]
    if wanted:
        rows.append(Row(f"guard/{name}/excused", excused / wanted, "share", "higher", 1.0))
    return rows


def _of_records(folder: Path) -> list[Row]:
    """Print what guard says of the words of each repository's decision records; return the alarms as rows."""
    rows: list[Row] = []
    for repository in sorted(path for path in folder.iterdir() if path.is_dir()):
        found = record_words(repository)
        counts = f"{found.records} records, {found.rejected} rejected options, {found.changes} changes"
        print(f"\n{repository.name}: {counts}; {found.notes} notes, {found.typed} by typed keys")
        for alarm in found.alarms:
            print(f"  {alarm.level}: {alarm.kind} {alarm.path} {alarm.evidence!r} {alarm.message}")
        name = repository.name.replace("__", "/")
        rows.append(Row(f"guard/records of {name}/alarms from words", len(found.alarms), "findings", "lower", 0))
    return rows


if __name__ == "__main__":
    main()
