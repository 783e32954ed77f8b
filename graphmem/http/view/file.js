// One file: the paths that it had as bars, the commits that renamed it, and the memories about it.

import * as api from "./api.js";
import { link } from "./address.js";
import { asked } from "./asof.js";
import { axisOver } from "./axis.js";
import { bar, chart, scale } from "./bars.js";
import { moment, stretch } from "./days.js";
import { el, fill, tell } from "./dom.js";
import { note } from "./span.js";

const SHA_CHARS = 10;
const WEAK_BELOW = 60;

/** Shows the file of the address at its point in time. */
export async function showFile(root, state, signal) {
  const [{ lives }, { lanes }] = await Promise.all([api.fileLife(state, signal), api.about(state, state.id, signal)]);
  note(lanes.map((lane) => lane.card));
  const known = lanes.map((lane) => ({ ...lane, leads: null }));
  fill(root,
    el("header", { class: "memory-head" },
      el("p", {}, el("a", { href: link({ view: "search" }) }, state.q ? `← answers to “${state.q}”` : "← all memories")),
      el("h1", { tabindex: "-1" }, state.id),
      el("p", {}, standing(lives), el("span", { class: "dim" }, state.at ? ` as of ${state.at}` : " now"))),
    lives.map((life, index) => section(index ? "An earlier file of this path" : "Its paths", drawn(life, asked(state)))),
    section("What is recorded about it", known.length
      ? chart(known, asked(state), { self: "", label: "Memories about the file" })
      : el("p", { class: "empty" }, "No memory is about this file.")));
  tell(`${state.id}: ${known.length === 1 ? "1 memory" : `${known.length} memories`}`);
}

const section = (title, ...parts) => el("section", {}, el("h2", {}, title), parts);

/** Where the file is by then, in words. */
function standing(lives) {
  if (!lives.length) return "No file of this path was read; graphmem ingest git reads a repository.";
  const [{ now, paths }] = lives;
  if (now === null) return `deleted on ${paths.at(-1).end.slice(0, 10)}`;
  return now === paths.at(-1).path && paths.length === 1 ? "never renamed" : `renamed ${paths.length - 1} times; it is ${now}`;
}

function drawn({ paths }, at) {
  const moments = paths.flatMap(({ start, end }) => [start, end]).filter(Boolean).map(moment);
  const axis = axisOver([...moments, at]);
  return el("div", { class: "chart" }, scale(axis, at), el("ol", { class: "lanes", "aria-label": "The paths of the file, the first one first" },
    paths.map((path) => row(path, axis, at))));
}

function row(path, axis, at) {
  const { start, end } = path;
  const card = { holding: [{ start, end }], state: end === null ? "holds" : "ended" };
  return el("li", { class: "lane" },
    el("div", { class: "lane-name" }, el("a", { href: link({ view: "file", id: path.path }) }, path.path), el("p", { class: "dim" }, how(path))),
    bar({ card, moves: [], leads: null }, axis, at),
    el("div", { class: "lane-dates" }, stretch({ start, end })));
}

/** The commit that gave the file its path. */
function how({ origin, commit, similarity }) {
  const alike = similarity === null ? "" : `, ${similarity} % alike`;
  const doubt = similarity !== null && similarity < WEAK_BELOW ? "; look at it" : "";
  return `${origin} by ${commit.slice(0, SHA_CHARS)}${alike}${doubt}`;
}
