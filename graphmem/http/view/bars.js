// Interval bars: when a memory held, drawn on an axis that several share. The dates stand beside them as text.

import { axisOver, placeOf, ticks } from "./axis.js";
import { link } from "./address.js";
import { moment, stretches, unsure } from "./days.js";
import { el, svg } from "./dom.js";
import { momentsOf } from "./span.js";
import { look, named, sign, stateWords } from "./words.js";

const HEIGHT = 26;
const MEANINGS = {
  holds: "holds", elsewhen: "holds at another time", behind: "holds behind another", proposed: "proposed",
  deferred: "deferred", rejected: "rejected",
};

/**
 * The axis for lanes with room for the asked moment. A lane is `{card, moves, leads}`; `leads` says when it leads its
 * subject, or is null if nothing contests it.
 */
export function axisOf(lanes, asked) {
  const told = lanes.flatMap(({ card, moves }) => [...momentsOf(card), ...moves.map((move) => move.at)]);
  const isOpen = lanes.some(({ card }) => card.holding.some(({ end }) => end === null));
  return axisOver([...told.map(moment), asked, ...(isOpen ? [Date.now()] : [])]);
}

/** One bar. */
export function bar(lane, axis, asked) {
  const parts = piecesOf(lane).map((piece) => drawn(piece, axis));
  const place = `${placeOf(axis, asked)}%`;
  return svg("svg", { class: "bar", width: "100%", height: HEIGHT, "aria-hidden": "true" },
    svg("line", { class: "ground", x1: 0, x2: "100%", y1: HEIGHT / 2, y2: HEIGHT / 2 }),
    parts,
    svg("line", { class: "asked", x1: place, x2: place, y1: 0, y2: HEIGHT }));
}

/** Bars one below the other under their axis; `self` is the id that is not a link but the page's own. */
export function chart(lanes, asked, { self, label }) {
  const axis = axisOf(lanes, asked);
  const rows = lanes.map((lane) => row(lane, axis, asked, lane.card.id === self));
  return el("div", { class: "chart" }, scale(axis, asked), el("ol", { class: "lanes", "aria-label": label }, rows), legend(lanes));
}

/** Round dates above bars, and where the asked moment is. */
export function scale(axis, asked, most = 8) {
  const marks = ticks(axis, most).map(({ ms, label }) => {
    const place = placeOf(axis, ms);
    return place > 96 ? null : svg("text", { x: `${place}%`, y: 12 }, label);
  });
  const place = `${placeOf(axis, asked)}%`;
  const mark = svg("svg", { x: place, y: 17, overflow: "visible" }, svg("path", { class: "asked-mark", d: "M-5,0 H5 L0,7 z" }));
  return el("div", { class: "scale", "aria-hidden": "true" }, svg("svg", { width: "100%", height: 24 }, marks, mark));
}

function row(lane, axis, asked, isSelf) {
  const { card } = lane;
  const name = isSelf
    ? el("strong", { "aria-current": "true" }, named(card))
    : el("a", { href: link({ view: "memory", id: card.id }) }, named(card));
  return el("li", { class: isSelf ? "lane self" : "lane" },
    el("div", { class: "lane-name" }, el("span", { class: `sign ${look(card.state)}`, "aria-hidden": "true" }, sign(card.state)), name,
      el("span", { class: "unseen" }, `, ${stateWords(card)}`)),
    bar(lane, axis, asked),
    el("div", { class: "lane-dates" }, stretches(card.holding, lane.moves)));
}

/** What is drawn of a lane, the later over the earlier. */
function piecesOf({ card, moves, leads }) {
  const own = moves.flatMap(({ status, at, until }) =>
    ["proposed", "deferred", "rejected"].includes(status) ? [{ sort: status, start: at, end: until }] : []);
  const first = card.state === "holds" ? "holds" : "elsewhen";
  const doubts = unsure(moves);
  const held = card.holding.map((piece) => ({ sort: leads === null ? first : "behind", ...piece }));
  const all = [...own, ...held, ...(leads ?? []).map((piece) => ({ sort: first, ...piece }))];
  return all.map((piece) => ({ ...piece, isUnsure: doubts.has(piece.start) }));
}

function drawn({ sort, start, end, isUnsure }, axis) {
  const low = start === null ? 0 : placeOf(axis, moment(start));
  const high = end === null ? 100 : placeOf(axis, moment(end));
  if (sort === "rejected") {
    return svg("svg", { x: `${low}%`, y: HEIGHT / 2, overflow: "visible" },
      svg("path", { class: "piece rejected", d: "M-5,-5 L5,5 M-5,5 L5,-5" }));
  }
  const shape = { x: `${low}%`, width: `${Math.max(high - low, 0.4)}%` };
  const isThin = sort === "proposed" || sort === "deferred";
  const size = isThin ? { y: 9, height: HEIGHT - 18, rx: 3 } : { y: 5, height: HEIGHT - 10, rx: 4 };
  const rect = svg("rect", { class: `piece ${sort}${isUnsure ? " unsure" : ""}`, ...shape, ...size });
  return end === null && !isThin ? [rect, onwards(sort)] : rect;
}

/** The point at the end of a bar that has none. */
function onwards(sort) {
  return svg("svg", { x: "100%", y: HEIGHT / 2, overflow: "visible" }, svg("path", { class: `piece ${sort} onwards`, d: "M-3,-8 L7,0 L-3,8 z" }));
}

function legend(lanes) {
  const used = new Set(lanes.flatMap((lane) => piecesOf(lane).map(({ sort }) => sort)));
  const hasDoubts = lanes.some((lane) => piecesOf(lane).some(({ isUnsure }) => isUnsure));
  if (used.size === 1 && used.has("holds") && !hasDoubts) return null;
  const entries = Object.entries(MEANINGS).filter(([sort]) => used.has(sort));
  const signs = { rejected: svg("path", { class: "piece rejected", d: "M9,3 L19,13 M9,13 L19,3" }) };
  return el("p", { class: "legend" }, entries.map(([sort, words]) => el("span", {},
    svg("svg", { width: 28, height: 16, "aria-hidden": "true" },
      signs[sort] ?? svg("rect", { class: `piece ${sort}`, y: 2, width: 28, height: 12, rx: 3 })), words)),
    hasDoubts ? el("span", {}, svg("svg", { width: 28, height: 16, "aria-hidden": "true" },
      svg("rect", { class: "piece holds unsure", y: 2, width: 28, height: 12, rx: 3 })), "began then or later") : null);
}
