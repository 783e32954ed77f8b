// The plain parts of Markdown as elements: headings, lists, quotes, code, emphasis. All else stays the text that it is.

import { el } from "./dom.js";

/** Elements for a text. */
export function prose(text) {
  const lines = text.replaceAll("\r\n", "\n").split("\n");
  const made = [];
  while (lines.length) {
    if (!lines[0].trim()) lines.shift();
    else made.push(block(lines));
  }
  return made;
}

/** A text with some of its words emphasised, wherever they stand as whole words. */
export function emphasised(text, words) {
  if (!words.length) return [text];
  const any = [...words].sort((one, other) => other.length - one.length).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const parts = text.split(new RegExp(`(?<![\\p{L}\\p{N}_])(${any.join("|")})(?![\\p{L}\\p{N}_])`, "u"));
  return parts.map((part, index) => (index % 2 ? el("strong", {}, part) : part));
}

function block(lines) {
  const heading = /^(#{1,6})\s+(.*)$/.exec(lines[0]);
  if (heading) {
    lines.shift();
    return el("h3", {}, inline(heading[2]));
  }
  if (/^\s*(```|~~~)/.test(lines[0])) return fenced(lines);
  if (BULLET.test(lines[0])) return list(lines);
  if (/^\s*\|/.test(lines[0])) return table(taken(lines, (line) => /^\s*\|/.test(line)));
  const paragraph = [lines.shift(), ...taken(lines, (line) => line.trim() && !STARTS.test(line))];
  return el("p", {}, inline(paragraph.map((line) => line.trim()).join(" ")));
}

const BULLET = /^\s*([*+-]|\d+[.)])\s+/;
const STARTS = /^\s*([*+-]\s|\d+[.)]\s|#{1,6}\s|```|~~~|\|)/;

function fenced(lines) {
  const fence = lines.shift().trim().slice(0, 3);
  const inside = taken(lines, (line) => !line.trim().startsWith(fence));
  lines.shift();
  return el("pre", { tabindex: "0" }, el("code", {}, inside.join("\n")));
}

function list(lines) {
  const isOrdered = /^\s*\d/.test(lines[0]);
  const items = [];
  while (lines.length && BULLET.test(lines[0])) {
    const first = lines.shift().replace(BULLET, "");
    const rest = taken(lines, (line) => line.trim() && !STARTS.test(line));
    items.push(el("li", {}, inline([first, ...rest].map((line) => line.trim()).join(" "))));
    if (lines.length > 1 && !lines[0].trim() && BULLET.test(lines[1])) lines.shift();
  }
  return el(isOrdered ? "ol" : "ul", {}, items);
}

function table(lines) {
  const rows = lines.map((line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim()));
  const [first, ...rest] = rows.filter((cells) => !cells.every((cell) => /^:?-+:?$/.test(cell)));
  const row = (cells, name) => el("tr", {}, cells.map((cell) => el(name, {}, inline(cell))));
  return el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": "Table" },
    el("table", {}, first && el("thead", {}, row(first, "th")), el("tbody", {}, rest.map((cells) => row(cells, "td")))));
}

function taken(lines, isWanted) {
  const end = lines.findIndex((line) => !isWanted(line));
  return lines.splice(0, end < 0 ? lines.length : end);
}

function inline(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.length > 2 && part.startsWith("`")) return el("code", {}, part.slice(1, -1));
    if (part.length > 4 && part.startsWith("**")) return el("strong", {}, part.slice(2, -2));
    return part;
  });
}
