// The graph around a memory: what it supersedes on the left, what supersedes it on the right, the rest below.
// The same memory always gets the same drawing; boxes are links that a keyboard reaches.

import { link } from "./address.js";
import { svg } from "./dom.js";
import { linked, look, sign } from "./words.js";

const BOX = { width: 230, height: 74, gap: 16 };
const NARROW = 640;
const MOST = 9;
const FONT = '500 14px Inter, system-ui, "Segoe UI", Roboto, sans-serif';

/** The neighbours of a memory: `{layer, caption, text, state, href}`, in the order in which they are drawn. */
export function neighbours(history, explanation) {
  const { predecessors, successors, amends, amendments } = history;
  const step = (layer) => (one) => ({
    layer, caption: `${one.before}${one.part ? ` (${one.part})` : ""}`, text: one.memory.title ?? "erased", href: link({ view: "memory", id: one.memory.id }),
  });
  return [
    ...distinct(predecessors, amends).map(step("before")),
    ...distinct(successors, amendments).map(step("after")),
    ...explanation.related.map((one) => ({
      layer: "around", caption: linked(one.kind, one.is_outgoing), text: one.memory.title, state: one.memory.state,
      href: link({ view: "memory", id: one.memory.id }),
    })),
    ...explanation.contested.map((one) => ({
      layer: "around", caption: explanation.overruled_by ? "overruled by" : "overrules", text: one.memory.title ?? one.memory.id, state: "holds", href: link({ view: "memory", id: one.memory.id }),
    })),
    ...history.card.anchors.map((one) => ({
      layer: "about", caption: `${one.role} · ${one.kind}`, text: one.name,
      href: ["file", "module"].includes(one.kind) ? link({ view: "search", q: "", about: one.name }) : null,
    })),
  ];
}

/** Steps of both, each once: an amendment of a named part is among both. */
const distinct = (...steps) => [...new Map(steps.flat().map((one) => [`${one.change} ${one.memory.id}`, one])).values()];

/** The drawing for a width in pixels. */
export function graph(card, around, width) {
  const placed = width < NARROW ? stacked(card, around, width) : layered(card, around, width);
  const drawn = placed.nodes.map(node);
  return svg("svg", { class: "graph", width, height: placed.height, role: "group", "aria-label": `What is around ${card.title}` },
    placed.edges.map((path) => svg("path", { class: "edge", d: path.d, "marker-end": path.isArrow ? "url(#arrow)" : null })), drawn);
}

/** How many neighbours are not drawn. */
export const left = (around) => LAYERS.reduce((sum, layer) => sum + Math.max(of(around, layer).length - MOST, 0), 0);

const LAYERS = ["before", "after", "around", "about"];
const of = (around, layer) => around.filter((one) => one.layer === layer);
const shown = (around, layer) => of(around, layer).slice(0, MOST);

// ---- wide: three columns, the rest in rows below

function layered(card, around, width) {
  const box = Math.min(BOX.width, (width - 120) / 3);
  const columns = [1, (width - box) / 2, width - box - 1];
  const [before, after] = [shown(around, "before"), shown(around, "after")];
  const rows = Math.max(before.length, after.length, 1);
  const top = (index, count) => 1 + ((rows - count) / 2 + index) * (BOX.height + BOX.gap);
  const self = { ...selfOf(card), x: columns[1], y: top(0, 1), width: box };
  const sides = [
    ...before.map((one, index) => ({ ...one, x: columns[0], y: top(index, before.length), width: box })),
    ...after.map((one, index) => ({ ...one, x: columns[2], y: top(index, after.length), width: box })),
  ];
  const floor = 1 + rows * (BOX.height + BOX.gap) + 30;
  const below = [...shown(around, "around"), ...shown(around, "about")].map((one, index) => ({
    ...one, x: columns[[1, 0, 2][index % 3]], y: floor + Math.floor(index / 3) * (BOX.height + BOX.gap), width: box,
  }));
  const nodes = [...sides.filter(({ layer }) => layer === "before"), self, ...sides.filter(({ layer }) => layer === "after"), ...below];
  const edges = [...sides.map((one) => sideways(one, self)), ...below.map((one) => downwards(one, self))];
  return { nodes, edges, height: 2 + Math.max(...nodes.map(({ y }) => y)) + BOX.height };
}

function sideways(one, self) {
  const [from, to] = one.layer === "before" ? [one, self] : [self, one];
  const [x1, y1, x2, y2] = [from.x + from.width, from.y + BOX.height / 2, to.x - 2, to.y + BOX.height / 2];
  const middle = (x1 + x2) / 2;
  return { d: `M${x1},${y1} C${middle},${y1} ${middle},${y2} ${x2},${y2}`, isArrow: true };
}

function downwards(one, self) {
  const [x1, y1, x2, y2] = [self.x + self.width / 2, self.y + BOX.height, one.x + one.width / 2, one.y];
  return { d: `M${x1},${y1} C${x1},${y1 + 34} ${x2},${y2 - 34} ${x2},${y2}`, isArrow: false };
}

// ---- narrow: one column, joined at the left

function stacked(card, around, width) {
  const gutter = 26;
  const order = [...shown(around, "before"), selfOf(card), ...shown(around, "after"), ...shown(around, "around"), ...shown(around, "about")];
  const nodes = order.map((one, index) => ({ ...one, x: gutter, y: 1 + index * (BOX.height + BOX.gap), width: width - gutter - 2 }));
  const self = nodes.find(({ layer }) => layer === "self");
  const edges = nodes.filter((one) => one !== self).map((one) => {
    const [from, to] = one.layer === "before" ? [one, self] : [self, one];
    const [y1, y2] = [from.y + BOX.height / 2, to.y + BOX.height / 2];
    return { d: `M${gutter},${y1} H8 V${y2} H${gutter - 2}`, isArrow: ["before", "after"].includes(one.layer) };
  });
  return { nodes, edges, height: 2 + nodes.at(-1).y + BOX.height };
}

// ---- one box

const selfOf = (card) => ({ layer: "self", caption: `${sign(card.state)} ${card.state}`, text: card.title, state: card.state, href: null });

function node({ layer, caption, text, state, href, x, y, width }) {
  const [first, second] = wrapped(text, width - 28);
  const mark = state && layer !== "self" ? `, ${state}` : "";
  const parts = [
    svg("title", {}, text),
    svg("rect", { class: "box", x, y, width, height: BOX.height, rx: 9 }),
    svg("text", { class: "caption", x: x + 14, y: y + 22 }, wrapped(caption + mark, width - 28, 12.5)[0]),
    svg("text", { class: "words", x: x + 14, y: y + 43 }, first),
    svg("text", { class: "words", x: x + 14, y: y + 61 }, second),
  ];
  const named = { class: `node ${layer} ${state ? look(state) : ""}`, "aria-label": `${caption}${mark}: ${text}` };
  return href ? svg("a", { ...named, href }, parts) : svg("g", { ...named, role: "img" }, parts);
}

const pen = document.createElement("canvas").getContext("2d");

/** A text on at most two lines of so many pixels, the end left out if it has no room. */
function wrapped(text, width, size = 14) {
  pen.font = FONT.replace("14px", `${size}px`);
  const fits = (words) => pen.measureText(words).width <= width;
  const [first, rest] = broken(text.slice(0, 300), fits);
  if (!rest) return [first, ""];
  if (fits(rest)) return [first, rest];
  let end = rest.length;
  while (end > 1 && !fits(`${rest.slice(0, end)}…`)) end -= 1;
  return [first, `${rest.slice(0, end).trimEnd()}…`];
}

function broken(text, fits) {
  if (fits(text)) return [text, ""];
  let end = text.length;
  while (end > 1 && !fits(text.slice(0, end))) end -= 1;
  const space = Math.max(text.lastIndexOf(" ", end), text.slice(0, end).lastIndexOf("/"));
  const cut = space > end / 3 ? space + 1 : end;
  return [text.slice(0, cut).trimEnd(), text.slice(cut).trimStart()];
}
