from __future__ import annotations

from benchmarks.go_literals import literals

SOURCE = """
	tps := []string{
		`raw "text"`, // a comment, with a comma
		"escaped \\"quote\\"",
		"joined " + `from two`,
		utils.GenerateSampleSecret("a", "b"),
		"key: with, signs}",
	}
	tps = append(tps, "more", utils.Make(`x`)...)
	fps := map[string]string{"a.tf": `password = "x"`, name: "left out"}
"""


def test_literals_are_read_and_calls_are_left_out() -> None:
    texts = [text for _, text in literals(SOURCE, "tps")]
    assert texts == ['raw "text"', 'escaped "quote"', "joined from two", "key: with, signs}", "more"]


def test_the_key_of_a_map_is_the_path() -> None:
    assert list(literals(SOURCE, "fps")) == [("a.tf", 'password = "x"')]


def test_another_name_has_none() -> None:
    assert list(literals(SOURCE, "xps")) == []
