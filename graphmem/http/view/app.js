// The page: reads the address, shows the view that it names, and says what went wrong.

import { current, link } from "./address.js";
import { repositories } from "./api.js";
import { control } from "./asof.js";
import { el, fill, tell } from "./dom.js";
import { showFile } from "./file.js";
import { askForKey, lock } from "./key.js";
import { showLedger } from "./ledger.js";
import { showMemory } from "./memory.js";
import { showPlace } from "./place.js";
import { searching } from "./search.js";
import { enter, survey } from "./span.js";

const part = (id) => document.getElementById(id);
const main = part("main");
const time = control(part("time"));
let search = null;
let shown = "";
let running = new AbortController();

async function show() {
  const state = current();
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const page = `${state.view}/${state.id}`;
  const isNew = page !== shown;
  enter(state);
  frame(state);
  main.setAttribute("aria-busy", "true");
  try {
    await view(state, signal);
    if (signal.aborted) return;
    time.show(state);
    main.setAttribute("aria-busy", "false");
    if (isNew && shown) arrive();
    shown = page;
    document.title = titleOf(state);
    if (await survey(state)) time.show(current());
  } catch (error) {
    if (error.name !== "AbortError" && !signal.aborted) fail(error);
  }
}

function view(state, signal) {
  if (state.view !== "search") search = null;
  if (state.view === "memory") return showMemory(main, state, signal);
  if (state.view === "file") return showFile(main, state, signal);
  if (state.view === "ledger") return showLedger(main, state, signal);
  search ??= searching(main);
  return search.show(state, signal);
}

/** What stands around every view. */
function frame(state) {
  const views = [["search", "Search"], ["ledger", "Ledger"]];
  fill(part("nav"), views.map(([name, words]) =>
    el("a", { href: link({ view: name }), "aria-current": state.view === name ? "page" : null }, words)));
  showPlace(part("place"), state, () => repositories(state, running.signal));
  fill(part("lock"), lock(again));
  part("time").hidden = state.view === "ledger";
  time.show(state);
}

/** A reader who followed a link is put at the beginning of what it led to. */
function arrive() {
  scrollTo(0, 0);
  main.querySelector("h1")?.focus({ preventScroll: true });
}

function titleOf(state) {
  const words = { search: state.q, memory: main.querySelector("h1")?.textContent, file: state.id, ledger: "Ledger" }[state.view];
  return words ? `${words} · graphmem` : "graphmem";
}

function again() {
  search = null;
  shown = "";
  show();
}

function fail(error) {
  search = null;
  shown = "";
  main.setAttribute("aria-busy", "false");
  if (error.status === 401) {
    part("time").hidden = true;
    fill(main, askForKey(error.message, again));
    part("key").focus();
    return;
  }
  const title = { 0: "No answer", 403: "Not allowed", 404: "Not here", 422: "Not understood" }[error.status] ?? "That went wrong";
  fill(main, el("div", { class: "panel", role: "alert" },
    el("h1", { tabindex: "-1" }, title),
    el("p", {}, error.message),
    el("div", { class: "row" },
      el("button", { type: "button", class: "main-button", onclick: again }, "Try again"),
      el("a", { href: link({ view: "search", q: "", at: "", known: "" }) }, "Begin anew"))));
  tell(`${title}: ${error.message}`);
  if (!(error.status >= 0)) console.error(error);
}

document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("hashchange", show);
show();
