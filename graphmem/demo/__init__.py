"""What `make demo` shows: true facts, and questions about them.

`packaging_facts.jsonl` tells how decisions about Python packaging replaced one another, in our own words, one fact
a line. `moves` are the fact's own life in the words of its source; `replaces` names what it took over from, the
instant from which it did (`at`) and the day on which the old document came to say so (`recorded`). `alternatives` are
options that the source weighed, each with its outcome and the reason that the source gives. All dates are UTC days on
which the documents changed.
"""
