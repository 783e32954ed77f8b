"""Sentences that say what was decided, in a place that is marked as a decision.

Such a place also has tasks, reports and what stays open: only sentences count that tell an outcome in one of few forms.
"""

from __future__ import annotations

import re

from graphmem.sources.transcripts.reported_decisions import AGREEMENT, GROUP, reported_decision, reports

_OUTCOME = (
    r"(?:accepted|approved|adopted|rejected|declined|withdrawn|deferred|postponed|included|excluded|removed|renamed|"
    r"replaced|dropped|kept|retained|added|moved|chosen|selected|confirmed|allowed|disallowed|forbidden|"
    r"prohibited|deprecated|reverted|split|delayed|promoted|demoted|advanced|ratified|"
    r"abandoned|reduced|increased|limited|restricted|reserved|merged|achieved|bumped|cancell?ed|disabled|enabled|set|"
    r"named|called|left out|pushed)"
)
_CHOICE = (
    r"(?:use|keep|add|remove|rename|allow|disallow|change|split|drop|make|adopt|reject|defer|leave|move|require|"
    r"include|exclude|replace|switch|set|revert|forbid|prohibit|deprecate|disable|enable|restrict|limit|increase|"
    r"reduce|postpone|delay|accept|approve|bump|standardi[sz]e|go with|stick with|avoid|retain|"
    r"prefer|do not|don't|not|advance|promote|merge|withdraw|target|raise|lower|treat|align)"
)
_ON = r"(?:to|on|for|that|in favou?r of|with)\b"
_STAGE = r"(?:stage|phase) ?\d(?:\.\d+)?"
_HOW = r"(?:not |conditionally |unanimously |formally |officially |tentatively )?"
#: How a sentence begins that tells an outcome.
_FORMS = re.compile(
    rf"{AGREEMENT} (?:was |is |has been )?(?:reached |achieved )?{_ON}(?= \S)|"
    rf"(?:reached|achieved) {AGREEMENT} {_ON}|{AGREEMENT} (?:reached|achieved)[.!]?$|"
    rf"(?:there (?:is|was)|{GROUP} (?:have|has|had|reached|came to|achieved)) (?:an? )?{AGREEMENT} {_ON}|"
    rf"{GROUP} (?:approves?d?|accept(?:ed|s)?|reject(?:ed|s)?|adopt(?:ed|s)?)\b|"
    rf"we(?:'ll| will| won't| are going to)(?: not)? {_CHOICE}\b|"
    rf"will (?:not )?{_CHOICE}\b|(?:is|are) (?:to be |now )?{_OUTCOME}\b|"
    rf"{_HOW}{_OUTCOME}(?=$|[.!,;]| (?!by\b|if\b|it\b|\w+s? (?:are|is|were|was)\b))|"
    rf"(?:(?:conditional|full) )?{_STAGE}(?=$|[,.!;(]| "
    rf"(?:acceptance|{_OUTCOME}|approval|advancement|consensus|reached|without|with|pending))|"
    r"(?:not )?(?:advanc(?:e[sd]?|ing)|mov(?:e[sd]?|ing)|goes|promoted|demot(?:ed|ing)|proceed(?:s|ing|ed)?|"
    rf"reach(?:es|ed)) (?:back )?(?:to |from )?{_STAGE}|not (?:advancing|promoting)\b|"
    r"rename[ds]? to \S|"
    rf"{_CHOICE} (?!(?:to|by|of|is|was|in|and|for|as|from|that|mind)\b|"
    rf"\S+(?: \S+){{0,5}} (?:is|are|was|were)\b)",
    re.IGNORECASE,
)
_BE = (
    r"(?<!that )(?<!which )(?<!ready )(?<!need )(?<!needs )(?<!has )(?<!have )\b(?:is|are|was|were|has been|"
    r"have been|will be|to be|"
    r"shall be|is to be|are to be|(?:will|shall) (?:not|no longer|now|also|officially) be)"
)
_NO_VERB_BEFORE = r"(?<! has)(?<! have)(?<! had)(?<! to)(?<! will)(?<! and)(?<! not)"
#: An outcome of the matter that the sentence begins with.
_OF_SUBJECT = re.compile(
    rf"{_BE} (?:\w+ly |not |now |no longer )?{_OUTCOME}\b(?! by\b)|"
    rf"(?<=\S )(?:has|have|reached|achieved|reaches|achieves|got) {AGREEMENT}\b|"
    rf"\b(?:(?:has|have) )?(?:reached|achieved|reaches|achieves|advance[sd]?|move[sd]?) (?:to )?{_STAGE}|"
    r"\bwill (?:not )?be (?:part of|out of|known as|based on|in|the)\b|"
    r"\b(?:are|is) required to\b|"
    rf"^(?!\w+ing\b)\S+(?: \S+){{0,5}}{_NO_VERB_BEFORE} {_OUTCOME}"
    r"(?=[.!]?$| (?:for|from|in|into|to|until|out of|with|as|on)\b)|"
    rf"^\S+(?: \S+){{0,4}} {_STAGE} (?:acceptance|approval)",
    re.IGNORECASE,
)
#: A matter before a colon, as in "Cache: keep the old keys".
_MATTER = re.compile(r"[^:.;]{1,60}: +(?=\S)")
#: Words of tasks, of what stays open, of reports, and of the meeting itself.
_OPEN = re.compile(
    r"(?:^|: )already\b|\b(?:positive|discuss\w*|revisit\w*|follow[- ]?ups?|investigat\w+|explor\w+|"
    r"look(?:ing)? into|continu\w+|further|"
    r"more|needs?|concerns?|consider\w*|questions?|if|unless|whether|would|"
    r"could|should|may|might|can|seek\w*|asking|waiting|offline|agendas?|minutes|schedul\w+|meetings?|calls?|"
    r"volunteers?|try|tbd|todo|later|eventually|hopefully|plans?|planning|tentativ\w+|likely|"
    r"no(?! longer| objections?)|not (?:reached|achieved|discussed|yet)|(?:not|n't) (?:have|reach|get) \w*|unclear|"
    r"feedback|ideas?|"
    r"work(?:ing)? (?:on|with|out)|report\w*|notes|presentation|slides|next steps?|someone|anyone|"
    r"said|says|say|shared|noted|according|suggest\w*|propos(?:ed|es|ing)|requested|believes?|thinks?|felt|raised|"
    r"asked|recommended|created|what|where|how|why|i|my|attempt\w*|hope\w*|aim(?:s|ed)?|potential\w*|possibl\w+|"
    r"unresolved|conflict\w*|"
    r"^not an?|^an? \S+$|that from|ready|"
    r"overflow|topics?|tomorrow|reflector|reviewers?|direction|existing$|reviews?)\b|\?",
    re.IGNORECASE,
)


def is_resolution(words: str) -> bool:
    """Return whether a sentence of a marked place tells an outcome.

    Args:
        words: The sentence without its mark and bullets.
    """
    if _OPEN.search(words):
        return False
    matter = _MATTER.match(words)
    starts = (0, matter.end()) if matter else (0,)
    reported = [words[start:] for start in starts if reports(words[start:])]
    if reported:
        return any(reported_decision(clause) is not None for clause in reported)
    return any(_FORMS.match(words, start) is not None for start in starts) or _OF_SUBJECT.search(words) is not None


def has_subject(words: str) -> bool:
    """Return whether a sentence that tells an outcome names whose outcome it is."""
    return _OF_SUBJECT.search(words) is not None
