"""The lives of rules, commit by commit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from graphmem.sources.rules.lives import CommitMark, FileRules, RuleHistory, RuleLife
from graphmem.sources.rules.rule_text import Rule

START = datetime(2024, 1, 1, tzinfo=UTC)


class Files:
    """A history whose commits name the new content of files."""

    def __init__(self) -> None:
        self.history = RuleHistory()
        self.position = -1

    def commit(self, *changes: FileRules, **files: list[str] | None) -> None:
        """Take in a commit; None removes a file."""
        self.position += 1
        mark = CommitMark(self.position, f"{self.position:040x}", START + timedelta(days=self.position))
        written = [
            FileRules(None if texts is None else path, path, tuple(Rule(text) for text in texts or ()))
            for path, texts in files.items()
        ]
        self.history.take(mark, [*written, *changes])

    def lives(self, text: str) -> list[RuleLife]:
        return [life for life in self.history.lives if life.rule.text == text]

    def life(self, text: str) -> RuleLife:
        (life,) = self.lives(text)
        return life


def span(life: RuleLife) -> tuple[int, int | None]:
    return life.born.position, life.ended.position if life.ended else None


def test_a_rule_lives_from_its_commit_to_its_removal() -> None:
    files = Files()
    files.commit(a=["Be kind always"])
    files.commit(a=["Be kind always", "Run all tests"])
    files.commit(a=["Run all tests"])
    assert (span(files.life("Be kind always")), span(files.life("Run all tests"))) == ((0, 2), (1, None))
    assert files.life("Be kind always").successors == []


def test_a_rewording_supersedes() -> None:
    files = Files()
    files.commit(a=["Run tests with pytest"])
    files.commit(a=["Run all tests with pytest"])
    assert files.life("Run tests with pytest").successors == [files.life("Run all tests with pytest")]


def test_equal_words_in_several_files_are_one_life_that_ends_with_the_last() -> None:
    files = Files()
    files.commit(a=["Be kind always"], b=["Be kind always"])
    files.commit(a=None)
    assert span(files.life("Be kind always")) == (0, None)
    assert list(files.life("Be kind always").files) == ["b"]
    files.commit(b=None)
    assert span(files.life("Be kind always")) == (0, 2)
    assert list(files.life("Be kind always").files) == ["b"]


def test_a_moved_rule_goes_on() -> None:
    files = Files()
    files.commit(a=["Be kind always", "Run all tests"], b=[])
    files.commit(a=["Run all tests"], b=["Be kind always"])
    assert span(files.life("Be kind always")) == (0, None)
    assert files.life("Be kind always").touched == 1


def test_a_renamed_file_keeps_its_rules_and_is_compared_with_its_old_version() -> None:
    files = Files()
    files.commit(old=["Be kind always", "Run tests with pytest"])
    files.commit(FileRules("new", "old", (Rule("Be kind always"), Rule("Run all tests with pytest"))))
    assert span(files.life("Be kind always")) == (0, None)
    assert files.life("Run tests with pytest").successors == [files.life("Run all tests with pytest")]
    assert list(files.history.files) == ["new"]


def test_a_rewording_waits_until_the_last_file_drops_the_words() -> None:
    files = Files()
    files.commit(a=["Run tests with pytest"], b=["Run tests with pytest"])
    files.commit(a=["Run all tests with pytest"])
    old, new = files.life("Run tests with pytest"), files.life("Run all tests with pytest")
    assert (span(old), old.successors) == ((0, None), [])
    files.commit(b=None)
    assert (span(old), old.successors) == ((0, 2), [new])


def test_a_late_rewording_leads_to_what_is_in_force_by_then() -> None:
    files = Files()
    files.commit(a=["Run tests with pytest"], b=["Run tests with pytest"])
    files.commit(a=["Run all tests with pytest"])
    files.commit(a=["Run all tests with pytest and xdist"])
    files.commit(b=None)
    assert files.life("Run tests with pytest").successors == [files.life("Run all tests with pytest and xdist")]


def test_other_wordings_in_two_files_are_a_split() -> None:
    files = Files()
    files.commit(a=["Run tests with pytest"], b=["Run tests with pytest"])
    files.commit(a=["Run all tests with pytest"], b=["Run tests with pytest quietly"])
    assert len(files.life("Run tests with pytest").successors) == 2


def test_words_that_return_live_again() -> None:
    files = Files()
    files.commit(a=["Run tests with pytest"])
    files.commit(a=["Run all tests with pytest"])
    files.commit(a=["Run tests with pytest"])
    first, second = files.lives("Run tests with pytest")
    assert (span(first), span(second), second.number) == ((0, 1), (2, None), 2)
    assert files.life("Run all tests with pytest").successors == [second]


def test_only_changes_of_files_scope_or_end_touch_a_life() -> None:
    files = Files()
    files.commit(a=["Be kind always"])
    files.commit(a=["Be kind always", "Run all tests"])
    assert files.life("Be kind always").touched == 0
    files.commit(FileRules("a", "a", (Rule("Be kind always", scope=("src/**",)), Rule("Run all tests"))))
    assert (files.life("Be kind always").touched, files.life("Run all tests").touched) == (2, 1)


def test_a_chain_of_rewordings_of_any_length_is_followed() -> None:
    files = Files()
    files.commit(a=["Keep rule number 0 always"], b=["Keep rule number 0 always"])
    for number in range(1, 1_500):
        files.commit(a=[f"Keep rule number {number} always"])
    files.commit(b=None)
    (successor,) = files.life("Keep rule number 0 always").successors
    assert successor.rule.text == "Keep rule number 1499 always"
