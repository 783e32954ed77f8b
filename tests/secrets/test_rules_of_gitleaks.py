from __future__ import annotations

from tools.secret_rules import converted


def test_a_rule_keeps_what_the_search_reads_and_one_without_a_pattern_is_left_out() -> None:
    configuration = {
        "allowlist": {"description": "for all", "stopwords": ["demo"], "paths": ["lock$"]},
        "rules": [
            {
                "id": "a",
                "description": "words for people",
                "regex": "a=(b)(c)",
                "secretGroup": 2,
                "entropy": 3,
                "keywords": ["A="],
                "allowlists": [{"condition": "AND", "regexTarget": "line", "regexes": ["x"], "paths": ["y"]}],
            },
            {"id": "of a path alone", "path": "p12$"},
        ],
    }
    assert converted(configuration) == {
        "allowed": {"stopwords": ["demo"], "paths": ["lock$"]},
        "rules": [
            {
                "id": "a",
                "regex": "a=(b)(c)",
                "keywords": ["a="],
                "entropy": 3,
                "group": 2,
                "allowed": [{"regexes": ["x"], "target": "line", "paths": ["y"], "condition": "AND"}],
            }
        ],
    }
