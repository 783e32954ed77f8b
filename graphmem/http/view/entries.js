// Ledger entries as sentences: who recorded what, when, from where and why.

import { link } from "./address.js";
import { told } from "./days.js";
import { el } from "./dom.js";
import { linked, recorded } from "./words.js";

/** A list of entries; a memory that is not among those mentioned is shown by its id. */
export function entries(changes, mentioned) {
  const titles = new Map(mentioned.filter(({ title }) => title).map(({ id, title }) => [id, title]));
  return el("ol", { class: "entries" }, changes.map((change) => entry(change, titles)));
}

function entry({ seq, recorded_at, operation, provenance, writer }, titles) {
  const { actor, source, reason } = provenance;
  const where = [writer.repo, writer.branch && `branch ${writer.branch}`].filter(Boolean).join(", ");
  return el("li", { class: "entry", id: `entry-${seq}` },
    el("span", { class: "seq" }, `#${seq}`),
    el("div", {},
      el("p", { class: "entry-said" }, el("span", { class: `verb ${operation.operation}` }, operation.operation.replaceAll("_", " ")), " ", sentence(operation, titles)),
      reason ? el("p", { class: "entry-reason" }, reason) : null,
      el("p", { class: "dim" }, el("time", { datetime: recorded_at }, told(recorded_at)), ` · ${actor}`, source ? ` · ${source}` : "", where ? ` · ${where}` : "")));
}

function sentence(operation, titles) {
  const ref = (id) => el("a", { href: link({ view: "memory", id }) }, titles.get(id) ?? id);
  const refs = (ids) => ids.flatMap((id, index) => (index ? [", ", ref(id)] : [ref(id)]));
  const on = (at) => (at ? ` on ${at.slice(0, 10)}` : "");
  const until = (at) => (at ? ` until ${at.slice(0, 10)}` : "");
  switch (operation.operation) {
    case "add":
      return [ref(operation.memory.id), ` ${operation.moves.map(({ status, at }) => `${status}${on(at)}`).join(", ")}`];
    case "supersede":
      return [refs(operation.new), ` ${recorded(operation.kind)} `, refs(operation.old), operation.part ? ` in ${operation.part}` : "", on(operation.at), until(operation.until)];
    case "transition":
      return [ref(operation.id), ` is ${operation.move.status}${on(operation.move.at)}`];
    case "link":
      return [ref(operation.source), ` ${linked(operation.kind)} `, ref(operation.target)];
    case "revoke":
      return `entry #${operation.change}${operation.move ? `, move ${operation.move}` : ""}`;
    case "open_branch": case "merge_branch": case "abandon_branch":
      return operation.name;
    case "propose":
      return [`to ${operation.asked.operation.replaceAll("_", " ")}, not done: `, sentence(operation.asked, titles)];
    default:
      return [ref(operation.id), on(operation.at)];
  }
}

/** A relation to another memory as a line: `superseded by ADR-5 on 2025-09-01`. */
export function related({ memory, before, after, part }, name) {
  return el("p", { class: name }, `${before} `, el("a", { href: link({ view: "memory", id: memory.id }) }, memory.title ?? memory.id), part ? ` (${part})` : "", after);
}
