// The public routes under /v1 of the server that gave this page, and nothing else.

import { key } from "./key.js";

/** Why there is no answer, in words that name the fix; `status` is 0 if the server was not reached. */
export class Problem extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

const GONE = "The server does not answer. Is `graphmem serve` still running?";
const PLACE = ["tenant", "repo", "user", "branch", "environment"];

/** What holds for a question, best first. */
export function search(state, { cursor = null, limit, signal }) {
  const where = { kinds: some(state.kind), paths: some(state.about), include_history: state.past !== "" };
  const least = state.all ? { min_relevance: 0 } : {};
  const body = { query: state.q, where, limit, ...least, ...(cursor === null ? {} : { cursor }) };
  return ask("/v1/search", point(state), { body, signal });
}

/** Memories that fit the filter, recorded last first. */
export function list(state, { cursor = null, limit, signal }) {
  const where = [...some(state.kind).map((one) => ["kinds", one]), ...some(state.about).map((one) => ["paths", one])];
  const more = cursor === null ? [] : [["cursor", cursor]];
  const past = ["include_history", state.past !== ""];
  return ask("/v1/memories", [...point(state), ...where, past, ["limit", limit], ...more], { signal });
}

/** One memory's card and point. */
export const memory = (state, id, signal) => ask(`/v1/memories/${encodeURIComponent(id)}`, point(state), { signal });

/** A memory's life and chain. */
export const history = (state, signal) => ask(`${path(state)}/history`, point(state), { signal });

/** Why a memory stands as it does. */
export const explain = (state, signal) => ask(`${path(state)}/explain`, point(state), { signal });

/** Everything about a subject. */
export const timeline = (state, subject, signal) =>
  ask("/v1/timeline", [...point(state), ["subject", subject]], { signal });

/** Everything about a file or folder. */
export const about = (state, path, signal) => ask("/v1/timeline", [...point(state), ["path", path]], { signal });

/** The paths that a file had, and the commits that renamed it. */
export const fileLife = (state, signal) => ask("/v1/files/life", [...point(state), ["path", state.id]], { signal });

/** Ledger entries in order, those past a position. */
export const changes = (state, { after, limit, signal }) =>
  ask("/v1/changes", [...place(state), ["after", after], ["limit", limit]], { signal });

/** Names of the repositories in which something can be seen. */
export async function repositories(state, signal) {
  return (await ask("/v1/repositories", place(state), { signal })).repositories;
}

/** The position of the last entry in the ledger. */
export async function latest(state, signal) {
  return (await ask("/v1/memories", [...place(state), ["limit", 1]], { signal })).at.known_at;
}

async function ask(route, query, { body, signal }) {
  const given = new URLSearchParams(query);
  const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const headers = { ...(body && { "Content-Type": "application/json" }), ...(key() && { Authorization: `Bearer ${key()}` }) };
  const options = { ...sent, headers, signal, cache: "no-store", credentials: "omit", redirect: "error" };
  const answer = await fetch(given.size ? `${route}?${given}` : route, options).catch((error) => {
    throw error.name === "AbortError" ? error : new Problem(0, GONE);
  });
  const document = await answer.json().catch((error) => {
    throw error.name === "AbortError" ? error : new Problem(answer.status, `The server answered ${answer.status} and no JSON.`);
  });
  if (!answer.ok) throw new Problem(answer.status, document.detail ?? `The server answered ${answer.status}.`);
  return document;
}

const some = (text) => (text ? [text] : []);
const path = (state) => `/v1/memories/${encodeURIComponent(state.id)}`;
const place = (state) => PLACE.filter((name) => state[name]).map((name) => [name, state[name]]);
const point = (state) => [
  ...place(state),
  ...some(state.at).map((at) => ["as_of", at]),
  ...some(state.known).map((known) => ["known_at", known]),
];
