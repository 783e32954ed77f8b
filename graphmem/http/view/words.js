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
  return own && !["", "active", state].includes(own.toLowerCase()) ? `${state} (${own})` : state;
}

/** First alias and title. */
export const named = ({ aliases = [], title }) => (aliases[0] ? `${aliases[0]} ${title}` : title);

const REPLACED = { update: "replaced", correction: "corrected", amendment: "amended" };

/** What a successor did to a memory. */
export const replaced = (kind) => REPLACED[kind] ?? kind;

/** A kind of link as a verb: `depends on`. */
export const linked = (kind) => kind.replaceAll("_", " ");

/** So many of something. */
export const count = (number, one, many) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
