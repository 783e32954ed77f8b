"""Lists of records in a text, and words that limit a claim to a part of them."""

from __future__ import annotations

import re

from graphmem.sources.decisions.idioms import REF

_LOCATOR = (
    r"(?:[ \t]*,?[ \t]+(?:item|section|part|point|decision|clause|paragraph|rule|option)s?[ "
    r"\t]*#?\d+[\w.]*|[ \t]*§+[ \t]*\w+)"
)
_AFTER_REF = rf"(?:[ \t]*\([^()]{{0,200}}\))?{_LOCATOR}?"
_AND = (
    r"(?:,[ \t]*(?:and|&|or|as well as|(?:and )?then)?|and|&|/|\+|or|plus|as well as|(?:and )?then)(?:[ \t]+"
    r"(?:also|by))*"
)
LIST = rf"{REF}{_AFTER_REF}(?:[ \t]*{_AND}[ \t]*{REF}{_AFTER_REF})*"
#: Brackets or a place behind a record that say that a part of it is meant.
_PORTION_AFTER = re.compile(
    rf"(?P<place>{_LOCATOR})|\((?P<aside>[^()]*\b(?:partially|partly|partial|in part|only|parts? of)\b[^()]*)\)"
    r"|^[ \t]*,?[ \t]*(?P<partly>in part|partially|partly)\b",
    re.IGNORECASE,
)
SUPERSEDE = r"supp?er[cs]{1,2}e+d"
UNREAL = re.compile(
    r"\b(?:not|never|neither|nor|no|without|if|when|unless|until|would|could|may|might|should|must|can|cannot|to"
    r"|will|"
    r"whether|once|before|instead|rather|than|shall|did|does)\b|n['\u2019]t\b",
    re.IGNORECASE,
)
ENTIRE = re.compile(
    r"^\W*(?:(?:all|of|entirely|fully|the|our|my|previous|earlier|former|prior|old|original|older|adrs?"
    r"|(?:decisions?|choices?|approach|rules?|content|contents|guidance) (?:(?:made|taken|recorded|described|documented"
    r"|set out|given|stated|outlined|laid out|proposed) )?(?:in|by|from)"
    r"|decisions?|records?|document|both|now|also|peps?)\W*)*$",
    re.IGNORECASE,
)
_LIMITED = re.compile(
    r"^\W*(?P<part>(?:for(?! (?:the )?(?:\w+ )?reasons?)|only|regarding|concerning|in (?:respect|terms) of|with "
    r"(?:respect|regards?) to"
    r"|as regards|where|insofar as|as to|as far as|in so far|to the extent|when it comes to)\b[^.;()]*)",
    re.IGNORECASE,
)
MAX_VERBS = 40  # a sentence of more is no sentence


def limit_after(text: str) -> str | None:
    """The part to which words right behind records limit the claim: `for tests`, `in part`, `(tests only)`."""
    if limited := _LIMITED.match(text):
        return limited["part"]
    result = _PORTION_AFTER.match(text.lstrip(" \t,"))
    return (result["aside"] or result["partly"] or result["place"]).strip() if result else None


def portion_within(text: str) -> str | None:
    """The part of the records that a list names in brackets, or by a place like `section 3`."""
    result = _PORTION_AFTER.search(text)
    return (result["aside"] or result["partly"] or result["place"]).strip(" ,") if result else None
