// The ledger: everything that was ever recorded, newest first, a page at a time.

import * as api from "./api.js";
import { link } from "./address.js";
import { el, fill, tell } from "./dom.js";
import { entries } from "./entries.js";

const PAGE = 50;

/** Shows the entries up to the position in the address, or the latest. */
export async function showLedger(root, state, signal) {
  const last = await api.latest(state, signal);
  const upto = Math.min(Number.parseInt(state.upto, 10) || last, last);
  const after = Math.max(upto - PAGE, 0);
  const page = upto ? await api.changes(state, { after, limit: PAGE, signal }) : { changes: [], mentioned: [] };
  const shown = page.changes.filter(({ seq }) => seq <= upto).reverse();
  const made = shown.length ? entries(shown, page.mentioned) : nothing(last);
  const pager = el("nav", { class: "pager", "aria-label": "Pages of the ledger" },
    upto < last ? el("a", { href: link({ upto: String(Math.min(upto + PAGE, last)) }) }, "← newer") : el("span"),
    el("span", { class: "dim" }, last ? `entries ${upto} to ${after + 1} of ${last}` : ""),
    after > 0 ? el("a", { href: link({ upto: String(after) }) }, "older →") : el("span"));
  fill(root,
    el("h1", { tabindex: "-1" }, "Ledger"),
    el("p", { class: "lead" }, "Every change is one entry with its author, source and reason, in a chain of hashes. What was undone stays here too."),
    made, pager);
  tell(`${shown.length} entries of the ledger`);
}

function nothing(last) {
  const words = last ? "None of these entries is about something that is seen from where you stand." : "Nothing has been recorded yet, as far as is seen from where you stand.";
  return el("p", { class: "empty" }, words);
}
