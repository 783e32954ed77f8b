"""Words that make a sentence no lasting statement: doubt, plans, this moment, pointing back, talk about the talk."""

from __future__ import annotations

import re

#: Words of doubt, of plans, or of statements for this moment alone.
_PASSING = re.compile(
    r"\b(?:eventually|in the future|someday|at some point|for now|right now|yet|today|this time|at the moment|"
    r"for the moment|temporarily|this (?:pr|commit|session|"
    r"file|task|change|branch|one|test|function|line|issue|entirely|way)|that (?:file|one|test|function|line|commit|"
    r"branch|for)|maybe|perhaps|might|may want|likely|not sure|on this$|i think|i guess|probably|if you|unless you|"
    r"for me to|next step|first[, ]|worry|wait|(?:we|i) plan|you (?:can|may|could)|"
    r"(?:use|with) (?:this|the current|some of|our)|to illustrate|options? [a-z0-9]|"
    r"approach [a-z0-9]|(?:commit|push|add|change) this)\b",
    re.IGNORECASE,
)
#: A pronoun near the beginning, where no word before it can be what it stands for.
_PRONOUN = re.compile(r"(?:\S+ ){0,5}(?:\W*)(?:it|them|those|these|it's|it'll)\b", re.IGNORECASE)
#: Words that point to something said before: the statement is not understood without it.
_POINTING = re.compile(
    r"\b(?:this|that)(?=[.,;!]?\s*$|[,;] | (?:at|in|on|back|across|here|there|case|point|long|until|because|now|"
    r"already|more)\b)|"
    r"\bthis (?!(?:repo|repository|project|codebase|team|org|company|service|app|package|library|monorepo)\b)|"
    r"\b(?:that|all that) (?:change|pattern|meeting|question|point|way|topic|idea|proposal|approach|part|issue|problem|"
    r"design|with)\b|^(?:not to|to) (?:in|for|at|on)\b|"
    r"^(?:to |on |that )?(?:this|that|so|no|one|some|you|they|he|she|its|their)\b|"
    r"\b(?:do|doing|did|does) (?:this|that|so)\b|"
    r"\b(?:the (?:former|latter|first|second|third|last|other)(?: one)?[.,]?$|the precedent|as (?:you|he|she|they) sa)|"
    r"\b(?:improvement|option|approach|step|item|idea|suggestion|solution|number|point|choice|variant|alternative)s? "
    r"(?:\d+|[a-z])\b|\(\d{1,2}\)|\bthe [2-9]\b|"
    r"\b(?:last|previous|next|today's) (?:meeting|time|week)|"
    r"\b(?:a (?:while|long time)|meetings?|weeks|months|years) ago",
    re.IGNORECASE,
)
#: Words that keep a conversation going.
_MANNERS = re.compile(
    r"^(?:keep|stick with|go with) (?:this|that|going|making|doing|in mind|moving|working|discussing|pushing)\b|"
    r"\b(?:the|our) (?:current|existing|present|same) (?:proposal|process|plan|approach|state|design)\b|"
    r"\b(?:they're|you're|you have|they have|he's|she's)\b|\b(?:discussion|conversation|timebox|debate)s?\b|"
    r"\bin the loop\b|\b(?:you|everyone|people) (?:posted|informed|updated)\b",
    re.IGNORECASE,
)
#: Speech that was written down as it fell: a word twice, two sentences run together, fillers, a broken end.
_BROKEN = re.compile(
    r"\b([a-z]{2,}) \1\b|\bnot \w+ not\b|\b(?:you know|i mean|kind of|sort of|gonna|um|uh|just like)\b|, like,|"
    r"(?-i:(?<=[a-z)])(?<!etc)(?<!vs)[.!?] (?!e\.g|i\.e)[a-z]{2,})|[\u2014\u2013-]$|"
    r"\b(?:to|of|the|a|an|and|or|for|with|at|by|as|called|that|is|are|from|than|because|will|not|be|our|their|its|my|"
    r"your|any one of|such|eg|e\.g|i\.e)$",
    re.IGNORECASE,
)


#: Words of the meeting itself: its agenda, time and votes.
_MEETING = re.compile(
    r"agenda|\d utc\b|\b(?:meetings?|meet again|minutes|stand-?ups?|time ?slots?|the votes?|schedul\w+|adjourn\w*|"
    r"attendees|"
    r"(?:next|last|this|today's|dev|weekly|monthly|on the) calls?)\b|"
    r"\b(?:an?|the|stale) (?:\S+ )?labels?\b|\bfrom an? (?:issue|pr)\b|"
    r"\b(?:prs?|pull requests?|issues?) open\b|\b(?:another|\d+ more|one more) (?:day|week|month)s?\b|"
    r"^(?:jan|feb|mar|apr|may|june?|july?|aug|sep|oct|nov|dec)[a-z]{0,6}\.? \d",
    re.IGNORECASE,
)
#: A verb without its object, and things that only a look at the talk tells apart.
_INCOMPLETE = re.compile(
    r"^(?:not )?(?:close|remove|leave|defer|postpone|merge|land|revert|keep|drop|add|use|approve|accept|reject|include|"
    r"ship|publish|delay|push|change|set|land|extend) (?:open |up )?(?:until|from|on|when|once|if|again|as|for|to|"
    r"that|in|"
    r"at|with)\b|^to\b|^\w+ that (?:an?|the)\b|^\w+ that \W|\bthe following (?:\w+ )?\w+$|^we'd\b|\b(?:agreement|"
    r"consensus|consent) to \w+$|"
    r"^(?:use|go with|keep|stick with) that\b|^\d{1,2}(?:,| and \d)|"
    r"\b(?:the|our) (?:current|existing|present|same|presented) \w+$|^we need\b|\bstill waiting\b|\bhopefully\b|"
    r"^keep (?!using|running|supporting)\w+ing\b|\b(?:on|with|from|to) that(?:$|,| and\b)|"
    r"^we(?:'ll| will|'re going to) be \w+ing\b|^keep (?:our|your|an) eyes?\b",
    re.IGNORECASE,
)
_NAMELESS = re.compile(
    r"^(?:not )?\w+ the (?:(?:proposal|change|pr|pull request|issue|document|argument|vote)(?! (?:of|for|from)\b)|"
    r"(?:title|name|text|wording)(?! (?:of|for|from|to)\b))\b|"
    r"\b(?:the|both|all|presented|proposed) (?:\w+ ){0,2}(?:of the )?(?:proposals?|changes?|prs?|pull requests?|"
    r"issues?|"
    r"documents?|texts?|semantics|fix(?:es)?|directions?|votes?)$|"
    r"\b(?:the|this|that) (?:\S+ ){0,2}(?:solution|approach|plan|strategy|option|idea|alternative|suggestion|version)$|"
    r"(?:^|consent |consensus |agreement |achieved |reached |not )(?:(?:to|on|for) )?"
    r"(?:(?:move|moving|advance|advancing|go|proceed) )?(?:(?:in)?to |on |for )?(?:stage|phase) ?\d(?:\.\d+)?$",
    re.IGNORECASE,
)


def is_nameless(words: str) -> bool:
    """Return whether a statement ends in words that name nothing without a topic, such as "the proposal"."""
    return _NAMELESS.search(words.strip(" .!*")) is not None


def is_unsettled(words: str) -> bool:
    """Return whether the words of a statement doubt, plan, point back, go on with a talk, or break off."""
    words = words.strip(" .!*")
    if _PRONOUN.match(words) is not None:
        return True
    return any(
        pattern.search(words) for pattern in (_PASSING, _POINTING, _MANNERS, _MEETING, _INCOMPLETE)
    ) or is_broken(words)


def is_broken(words: str) -> bool:
    """Return whether a sentence breaks off, or is speech that was written down as it fell."""
    return _BROKEN.search(words.strip(" .!*")) is not None
