"""Prompts about which no memory can say anything, recognised without opening the memory.

A memory is about a prompt if a word, a name or an id leads to it, or a path (`graphmem.retrieval`). Nearly all of a
hook's time goes into importing and asking; these modules import little and look up the words alone.
"""

from __future__ import annotations

import re

from graphmem.briefing.task_clauses import MOST_TASK_CHARS, clauses_of
from graphmem.opening import held_words
from graphmem.retrieval.question_spans import name_spans, possible_ids
from graphmem.retrieval.word_edits import LEAST_LETTERS, edited_terms, most_edits
from graphmem.terms import question_terms
from graphmem.words import tokens

#: What may be a path, or a date that the question itself is asked at.
_PATH_OR_DATE = re.compile(r"[/\\]|\w\.\w|\d-\d")


def is_silent(file: str, prompt: str) -> bool:
    """Return True if no memory of a store can be about a prompt; False if that is not certain.

    Args:
        file: The file of the store.
        prompt: The prompt of a person.
    """
    texts = [prompt[:MOST_TASK_CHARS], *clauses_of(prompt[:MOST_TASK_CHARS])]
    long_words = [word for word in set(tokens(texts[0])) if len(word) >= LEAST_LETTERS and word.isalpha()]
    # Words of two edits are compared with the newest memories, which takes reading them.
    if _PATH_OR_DATE.search(prompt) or any(most_edits(word) > 1 for word in long_words):
        return False
    try:
        held = held_words(file)
    except OSError:
        return False
    return not (
        any(held.has_term(question_terms(text)) for text in texts)
        or any(held.has_name(span[0] for span in name_spans(text)) for text in texts)
        or any(held.has_id(possible_ids(text)) for text in texts)
        or any(held.has_term(edited_terms(word)) for word in long_words)
    )
