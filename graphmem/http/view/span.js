// The stretch of valid time that the slider covers, and the moments at which something changed in it.
//
// No route tells it, so it is read off what the page sees: entries spread over the whole ledger, once for each place, and
// every answer since.

import * as api from "./api.js";
import { dayOf, moment } from "./days.js";

const [WINDOWS, WINDOW] = [10, 100];
const seen = new Set();
let where = "";
let isSurveyed = false;

/** Forget what was seen from another place. */
export function enter(state) {
  const here = JSON.stringify([state.tenant, state.repo, state.user, state.branch, state.environment]);
  if (here === where) return;
  where = here;
  isSurveyed = false;
  seen.clear();
}

/** Take note of cards of an answer. */
export function note(cards) {
  for (const card of cards) momentsOf(card).forEach((text) => seen.add(dayOf(moment(text))));
}

/**
 * Look through the ledger, unless that was done from the place that was entered; true if something was learned.
 * Without an answer the page stays as it is, and the next view asks again.
 */
export async function survey(state) {
  if (isSurveyed) return false;
  isSurveyed = true;
  const here = where;
  try {
    const last = await api.latest(state);
    const step = Math.max(Math.ceil(last / WINDOWS), WINDOW);
    const starts = Array.from({ length: Math.ceil(last / step) }, (_, index) => Math.min(index * step, last - WINDOW));
    const parts = await Promise.all(starts.map((after) => api.changes(state, { after: Math.max(after, 0), limit: WINDOW })));
    const operations = parts.flatMap(({ changes }) => changes.map(({ operation }) => operation));
    if (here === where) operations.flatMap(timesOf).forEach((text) => seen.add(dayOf(moment(text))));
  } catch {
    isSurveyed = false;
    return false;
  }
  return true;
}

/** The days at which something changed, in order. */
export const turns = () => [...seen].sort((one, other) => one - other);

/** First and last day of the slider; a given day is always within. */
export function bounds(given) {
  const days = [...seen, given, dayOf(Date.now())];
  const low = days.reduce((least, day) => Math.min(least, day));
  const high = days.reduce((most, day) => Math.max(most, day));
  return { low: Math.min(low, high - 30), high };
}

/** All times that a card tells of. */
export function momentsOf({ holding, told }) {
  const edges = holding.flatMap(({ start, end }) => [start, end]);
  return [...edges, ...(told ? [told.at] : [])].filter(Boolean);
}

function timesOf({ moves = [], move, at, until }) {
  return [...moves.map((one) => one.at), move?.at, at, until].filter(Boolean);
}
