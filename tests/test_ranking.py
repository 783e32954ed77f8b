"""Words, names, BM25 and decay, against values worked out by hand."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest

from graphmem.model import Kind, Origin, Statement
from graphmem.ranking import (
    Corpus,
    bm25,
    freshness,
    length_norm,
    name_key,
    name_keys,
    term_counts,
    tokens,
    trusted_confidence,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("  -- !? ", []),
        ("Use tabs, not spaces.", ["use", "tabs", "not", "spaces"]),
        ("camelCase", ["camelcase", "camel", "case"]),
        ("HTTPServer", ["httpserver", "http", "server"]),
        ("parseURL2Path", ["parseurl2path", "parse", "url2", "path"]),
        ("snake_case_name", ["snake_case_name", "snake", "case", "name"]),
        ("__init__", ["init"]),
        ("_private", ["private"]),
        ("___", []),
        ("src/db/pool.py", ["src", "db", "pool", "py"]),
        ("v1.2.3-rc1", ["v1", "2", "3", "rc1"]),
        ("ADR-0012", ["adr", "0012"]),
    ],
)
def test_an_identifier_gives_itself_and_its_parts(text: str, words: list[str]) -> None:
    assert tokens(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Über Straße", ["über", "strasse"]),
        ("\uff26\uff35\uff2c\uff2c width", ["full", "width"]),
        ("naïve_Größe", ["naïve_grösse", "naïve", "grösse"]),
        ("東京タワー", ["東", "京", "タ", "ワ", "ー"]),
        ("東京 tower", ["東", "京", "tower"]),
        ("사과 store", ["사", "과", "store"]),
        ("x² plus", ["x2", "plus"]),
        ("emoji ✔\ufe0f done", ["emoji", "done"]),
    ],
)
def test_words_of_other_scripts_are_folded_and_ideographs_stand_alone(text: str, words: list[str]) -> None:
    assert tokens(text) == words


def test_a_letter_and_its_accent_are_one_word_however_they_are_written() -> None:
    assert tokens("cafe\u0301") == tokens("caf\u00e9") == ["caf\u00e9"]


@pytest.mark.parametrize(
    "word", ["हिन्दी", "ไทยที่", "שָׁלוֹם", "x\u0323\u0302y"], ids=["devanagari", "thai", "points", "no composed form"]
)
def test_signs_that_combine_stay_within_their_word(word: str) -> None:
    assert len(tokens(word)) == 1
    assert " " not in name_key(word)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("ADR-0012", "adr 12"),
        ("adr 12", "adr 12"),
        ("PEP 0008: Style", "pep 8 style"),
        ("v1.0.10", "v1 0 10"),
        ("000", "0"),
        ("0", "0"),
        ("snake_case", "snake case"),
        ("  `Quoted`,  «now»! ", "quoted now"),
        ("Straße №7", "strasse no7"),
        ("東京-0012", "東京 12"),
        ("✔\ufe0f Done", "done"),
        ("--", ""),
    ],
)
def test_a_name_is_looked_up_without_case_punctuation_and_leading_zeros(name: str, key: str) -> None:
    assert name_key(name) == key


def test_names_that_differ_in_a_vowel_sign_alone_stay_apart() -> None:
    assert name_key("कि") != name_key("का")


def test_a_statement_is_named_by_its_title_and_aliases() -> None:
    assert name_keys(Statement(title="Use SQLite", aliases=("ADR-0001", "--"))) == {"use sqlite", "adr 1"}


def test_counts_are_of_the_asked_terms_that_occur() -> None:
    assert term_counts(["a", "b", "a", "c"], ["a", "c", "d"]) == {"a": 2, "c": 1}


def test_a_term_that_nobody_holds_is_the_rarest() -> None:
    corpus = Corpus(documents=3, mean_length=4.0, frequency={"all": 3, "one": 1})
    assert corpus.idf("all") == pytest.approx(math.log(1 + 0.5 / 3.5))
    assert corpus.idf("one") == pytest.approx(math.log(1 + 2.5 / 1.5))
    assert corpus.idf("none") == pytest.approx(math.log(1 + 3.5 / 0.5))


def test_bm25_adds_up_saturated_counts_weighed_by_rarity() -> None:
    # Two documents, "a" in both, "b" in one; the document has "a" once and "b" twice among 6 tokens, mean length 4.
    # norm = 1.2 * (0.25 + 0.75 * 6 / 4) = 1.65
    corpus = Corpus(documents=2, mean_length=4.0, frequency={"a": 2, "b": 1})
    a, b = math.log(1.2) * 1 / 2.65, math.log(2) * 2 / 3.65
    assert bm25(corpus, ["a", "b", "c"], {"a": 1, "b": 2}, 6) == pytest.approx(a + b)


def test_an_empty_corpus_scores_nothing() -> None:
    assert bm25(Corpus(0, 0.0, {}), ["a"], {}, 0) == 0


def lucene_byte(length: int) -> int:
    """Lucene's `SmallFloat.intToByte4`: lengths below 24 as they are, the rest as a 3-bit mantissa with an exponent."""
    rest = length - 24
    if rest < 0:
        return length
    bits = len(f"{rest:b}") if rest else 0
    if bits < 4:
        return 24 + rest
    shift = bits - 4
    return 24 + ((rest >> shift) & 0x07 | (shift + 1) << 3)


def lucene_length(byte: int) -> int:
    """Lucene's `SmallFloat.byte4ToInt`."""
    if byte < 24:
        return byte
    mantissa, shift = (byte - 24) & 0x07, ((byte - 24) >> 3) - 1
    return 24 + (mantissa if shift == -1 else (mantissa | 0x08) << shift)


@pytest.mark.parametrize("length", [*range(300), 1_000, 4_095, 4_096, 65_535, 200_000, 10_000_000])
def test_a_length_weighs_what_its_lucene_byte_tells(length: int) -> None:
    corpus = Corpus(documents=1, mean_length=1.0, frequency={})
    assert length_norm(corpus, length) == pytest.approx(1.2 * (0.25 + 0.75 * lucene_length(lucene_byte(length))))


@pytest.mark.parametrize(("length", "kept"), [(24, 24), (39, 39), (40, 40), (41, 40), (57, 56), (100, 96), (1000, 984)])
def test_lengths_known_from_lucene(length: int, kept: int) -> None:
    assert lucene_length(lucene_byte(length)) == kept


def said(kind: Kind = Kind.TASK, origin: Origin = Origin.HUMAN, confidence: float = 0.8) -> Statement:
    return Statement(title="t", kind=kind, origin=origin, confidence=confidence)


def test_confidence_halves_each_half_life_of_its_kind() -> None:
    days = {Kind.DECISION: 1460, Kind.CONVENTION: 730, Kind.STRUCTURE: 365, Kind.TASK: 60}
    days |= {Kind.PREFERENCE: 730, Kind.INCIDENT: 365, Kind.FACT: 730}
    for kind in Kind:
        later = NOON + timedelta(days=days[kind])
        assert freshness(kind, NOON, later) == pytest.approx(0.5), kind


def test_weaker_origins_are_trusted_less_from_the_start() -> None:
    trusted = [trusted_confidence(said(origin=origin, confidence=0.8), 0.5) for origin in Origin]
    assert trusted == pytest.approx([0.4, 0.38, 0.38, 0.34, 0.28, 0.2])


def test_what_is_asked_about_an_earlier_time_has_not_faded() -> None:
    assert freshness(Kind.TASK, NOON, NOON - timedelta(days=999)) == 1.0
