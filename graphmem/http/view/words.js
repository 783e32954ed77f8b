// States, kinds and relations in the words and signs of the command line.

const LOOKS = { holds: "good", proposed: "warn", deferred: "warn", "not yet": "warn" };
const SIGNS = { good: "●", warn: "◌", bad: "○" };

export const KINDS = ["decision", "convention", "structure", "task", "preference", "incident", "fact"];

/** The look of a state: good, warn or bad. */
export const look = (state) => LOOKS[state] ?? "bad";

/** ● holds, ◌ not yet, ○ no longer or never. */
export const sign = (state) => SIGNS[look(state)];

/** The state, with its source's own word where that says something else. */
export function stateWords({ state, told }) {
  const own = told && told.word !== told.status ? told.word : "";
  return own && !["", "active", state].includes(own.toLowerCase()) ? `${state} (in its source: ${own})` : state;
}

/** First alias and title. */
export const named = ({ aliases = [], title }) => (aliases[0] ? `${aliases[0]} ${title}` : title);

// The tables below are those of graphmem/relations.py; a test compares them.
const RECORDED = {
  "update": "supersedes",
  "correction": "corrects",
  "amendment": "amends"
};
const LINKS = {
  "depends_on": ["depends on", "needed by"],
  "implements": ["implements", "implemented by"],
  "refines": ["refines", "refined by"],
  "fixes": ["fixes", "fixed by"],
  "conflicts_with": ["conflicts with", "conflicts with"]
};
const RULES = {
  "class of trust": "statements of people, documents, commits and agents lead",
  "mandatory": "a mandatory memory leads",
  "mandatory width": "of two mandatory memories the wider scope leads",
  "branch": "the nearer branch leads",
  "scope": "the narrower scope leads",
  "trust of origin": "the more trusted origin leads",
  "start": "the later start leads",
  "observed at": "the later observation leads",
  "digest of id": "no other rule decides, so a fixed arbitrary order does"
};

const RESOLVED = {
  "holds": "in force in its place",
  "not yet in force": "not in force yet",
  "named as successor, not in force itself": "named as successor, not in force itself",
  "nothing holds now; last was this": "last of its chain"
};

/** What an answer is to a memory that is not in force itself. */
export const resolved = (standing) => RESOLVED[standing] ?? standing;

/** What a supersession was recorded to do: `supersedes`. */
export const recorded = (kind) => RECORDED[kind] ?? kind;

/** A kind of link from one of its sides: `depends on`, `needed by`. */
export const linked = (kind, isOutgoing = true) => LINKS[kind]?.[isOutgoing ? 0 : 1] ?? kind.replaceAll("_", " ");

/** A rule of precedence with what it says. */
export const ruled = (rule) => (RULES[rule] ? `${rule}: ${RULES[rule]}` : rule);

const STALE = 0.5;
const DAY_MS = 86_400_000;

/** How long nobody has confirmed what is in force, once that is a half-life of its kind; else ''. */
export function age({ state, freshness, fresh_at, confirmed_at }, moment) {
  if (freshness > STALE || fresh_at === null || state !== "holds") return "";
  const days = Math.floor((moment - Date.parse(fresh_at)) / DAY_MS);
  const [number, unit] = days >= 365 ? [Math.floor(days / 365), "year"] : days >= 60 ? [Math.floor(days / 30), "month"] : [days, "day"];
  const words = count(number, unit, `${unit}s`);
  return confirmed_at === fresh_at ? `last confirmed ${words} ago` : `not confirmed for ${words}`;
}

/** So many of something. */
export const count = (number, one, many) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
