"""Tags of XML that is not trusted."""

from __future__ import annotations

from graphmem.sources.incidents.junit_tags import plain_text, xml_tags


def tags(text: str) -> list[tuple[str, bool, bool, int]]:
    return [(tag.name, tag.is_closing, tag.is_empty, tag.line) for tag in xml_tags(text)]


def test_tags_have_their_lines() -> None:
    assert tags('<?xml version="1.0"?>\n<a>\n<b x="1"/>\n</a>') == [
        ("a", False, False, 2), ("b", False, True, 3), ("a", True, False, 4)
    ]  # fmt: skip


def test_attributes_may_have_angles_and_entities() -> None:
    (tag,) = xml_tags("<a x=\"1 > 0 &lt; &#50;\" Y='&quot;'/>")
    assert tag.attributes == {"x": "1 > 0 < 2", "y": '"'}


def test_comments_and_sections_are_passed_over() -> None:
    assert tags("<!-- <a/> --><![CDATA[<b/>]]><!DOCTYPE x [<!ENTITY y 'z'>]><c/>") == [("c", False, True, 1)]


def test_what_is_never_closed_ends_the_text() -> None:
    assert tags("<a/><!-- <b/>") == [("a", False, True, 1)]
    assert tags("<!DOCTYPE x [<b/>") == []


def test_no_entity_of_the_file_is_expanded() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "&c;&c;"><!ENTITY c SYSTEM "file:///etc/passwd">]><a x="&b;&copy;"/>'
    (tag,) = xml_tags(bomb)
    assert tag.attributes == {"x": "&b;&copy;"}


def test_malformed_markup_is_read_in_linear_time() -> None:
    assert tags("<" * 300_000) == []
    assert tags('<a x="' * 50_000) == []
    assert tags('<a "' + "<b '" * 50_000) == []
    assert tags("<a " + "x" * 300_000) == []


def test_long_values_are_cut() -> None:
    assert len(plain_text("x" * 9_000)) == 4_000
