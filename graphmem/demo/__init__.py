"""The demo of `make demo`: real facts, and questions about them.

`packaging_facts.jsonl` describes how decisions about Python packaging superseded each other, a fact per line, in the
project's own words. `moves` are the fact's status changes in the words of its source; `replaces` names superseded
facts, the start of the supersession (`at`) and the day when the old document recorded it (`recorded`). `alternatives`
are the options that the source considered, each with its outcome and reason. All dates are days of document changes,
in UTC.
"""
