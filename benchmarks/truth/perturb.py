"""Questions as somebody asks who does not know the title by heart: unquoted, and with words of it missing."""

from __future__ import annotations

import random
import re

MOST_DROPPED = 3
_QUOTED = re.compile(r'"(.+)"', re.DOTALL)
_PLACE = re.compile(r'^Under ".*?" the rule once read: ', re.DOTALL)


def title_in(text: str) -> re.Match[str] | None:
    """The quoted stretch that names a record: the longest, less a quoted heading that it stands under."""
    place = _PLACE.match(text)
    return _QUOTED.search(text, place.end() if place else 0)


def perturbed(text: str, seed: str) -> str | None:
    """The question without quotation marks and without 1 to 3 of its title's words; None if it quotes no title.

    Never more than half of the words go, so a title of one word keeps it.
    """
    found = title_in(text)
    if found is None:
        return None
    words = found.group(1).split()
    chance = random.Random(seed)  # noqa: S311
    count = min(chance.randint(1, MOST_DROPPED), len(words) // 2)
    dropped = set(chance.sample(range(len(words)), count))
    kept = " ".join(word for place, word in enumerate(words) if place not in dropped)
    return (text[: found.start()] + kept + text[found.end() :]).replace('"', "")
