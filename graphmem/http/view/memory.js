// One memory: where it stands, its chain as bars, what is around it, its words, and every change of it.

import * as api from "./api.js";
import { link } from "./address.js";
import { asked } from "./asof.js";
import { chart } from "./bars.js";
import { stretches, told } from "./days.js";
import { el, fill, tell } from "./dom.js";
import { entries, related } from "./entries.js";
import { graph, left, neighbours } from "./graph.js";
import { prose } from "./prose.js";
import { note } from "./span.js";
import { age, look, resolved, sign, stateWords } from "./words.js";

/** Shows the memory of the address at its point in time. */
export async function showMemory(root, state, signal) {
  const [history, explanation] = await Promise.all([api.history(state, signal), api.explain(state, signal)]);
  const { card } = history;
  const lanes = card.subject ? (await api.timeline(state, card.subject, signal)).lanes : [];
  const written = entries([...history.changes].reverse(), history.mentioned);
  note([...history.chain, ...lanes.map((lane) => lane.card)]);
  fill(root,
    head(card, explanation, state),
    section("Over time", bars(history, lanes, asked(state))),
    section("Around it", around(history, explanation)),
    words(card),
    alternatives(card),
    section("What was recorded of it", written));
  draw(root, card, neighbours(history, explanation));
  tell(`${card.title}: ${stateWords(card)}`);
}

const section = (title, ...parts) => el("section", {}, el("h2", {}, title), parts);

function head(card, explanation, state) {
  const facts = [
    ["Kind", card.kind], ["Known as", card.aliases.join(", ")], ["Subject", card.subject], ["Labels", card.labels.join(", ")],
    ["Holds", stretches(card.holding, card.told ? [card.told] : [])], ["Recorded", told(card.recorded_at)],
    ["Confirmed", card.confirmed_at && told(card.confirmed_at)], ["Confidence", card.confidence.toFixed(2)], ["Age", age(card, asked(state))], ["Origin", card.origin],
    ["Lives in", [card.scope.repo, card.scope.user, card.scope.branch, card.scope.environment].filter(Boolean).join(", ")], ["Id", card.id],
    ["Files", files(card)],
  ].filter(([, value]) => value);
  return el("header", { class: "memory-head" },
    el("p", {}, el("a", { href: link({ view: "search" }) }, state.q ? `← answers to “${state.q}”` : "← all memories")),
    el("h1", { tabindex: "-1" }, card.title),
    el("p", {}, el("span", { class: `state big ${look(card.state)}` }, el("span", { "aria-hidden": "true" }, `${sign(card.state)} `), stateWords(card)),
      el("span", { class: "dim" }, state.at ? ` as of ${state.at}` : " now")),
    instead(explanation),
    el("ul", { class: "reasons" }, explanation.reasons.map((one) => el("li", {}, one))),
    explanation.suspect.length ? el("ul", { class: "reasons suspect" }, explanation.suspect.map((one) => el("li", {}, one))) : null,
    el("dl", { class: "facts-list" }, facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))));
}

/** Links to the lives of the files that it is about. */
function files({ anchors }) {
  const paths = anchors.filter(({ kind }) => kind === "file").map(({ name }) => name);
  return paths.length ? paths.flatMap((path, index) => [index ? ", " : "", el("a", { href: link({ view: "file", id: path }) }, path)]) : null;
}

/** What stands for it if it is not in force, and what overrules it if it is. */
function instead({ card, resolves_to, overruled_by }) {
  const others = resolves_to.filter((hit) => hit.card.id !== card.id);
  if (!others.length && !overruled_by) return null;
  return el("div", { class: "callout" }, overruled_by ? related(overruled_by, "overruled") : null, others.map((hit) => el("p", {},
    `${resolved(hit.standing)}: `,
    el("a", { href: link({ view: "memory", id: hit.card.id }) }, hit.card.title))));
}

/** Bars of its chain, and of everything else about its subject. */
function bars({ card, chain, moves }, lanes, moment) {
  const isRanked = lanes.some(({ leads }) => leads.length);
  const ranked = lanes.map((lane) => (isRanked && lane.card.subject === card.subject ? lane : { ...lane, leads: null }));
  const known = new Map(ranked.map((lane) => [lane.card.id, lane]));
  const lane = (one) => known.get(one.id) ?? { card: one, moves: one.id === card.id ? moves : one.told ? [one.told] : [], leads: null };
  const inChain = new Set(chain.map(({ id }) => id));
  const others = ranked.filter((one) => !inChain.has(one.card.id));
  return [
    chart(chain.map(lane), moment, { self: card.id, label: "The memories of its chain, oldest first" }),
    others.length ? [el("h3", {}, `Also about ${card.subject}`), chart(others, moment, { self: card.id, label: `Also about ${card.subject}` })] : null,
  ];
}

function around(history, explanation) {
  const found = neighbours(history, explanation);
  if (!found.length) return el("p", { class: "empty" }, "Nothing supersedes it, it supersedes nothing, and nothing is linked to it.");
  const more = left(found);
  return [el("div", { class: "graph-room" }), more ? el("p", { class: "dim" }, `${more} more are not drawn.`) : null];
}

/** Draws the graph to the width there is, and again when that changes. */
function draw(root, card, found) {
  const room = root.querySelector(".graph-room");
  if (!room) return;
  let width = 0;
  new ResizeObserver(() => {
    if (room.clientWidth === width || !room.clientWidth) return;
    width = room.clientWidth;
    fill(room, graph(card, found, width));
  }).observe(room);
}

function words({ body, rationale }) {
  if (!body && !rationale) return null;
  return section("What it says", el("div", { class: "prose" }, prose(body), prose(rationale)));
}

function alternatives({ alternatives: options }) {
  if (!options.length) return null;
  return section("What was considered", el("ul", { class: "options" }, options.map(({ name, outcome, reason }) =>
    el("li", {}, el("span", { class: `state ${outcome === "chosen" ? "good" : "bad"}` }, outcome === "chosen" ? "✓ chosen" : "× rejected"),
      el("div", {}, el("strong", {}, name), reason ? el("p", {}, prose(reason)[0]?.childNodes.length ? [...prose(reason)[0].childNodes] : reason) : null)))));
}
