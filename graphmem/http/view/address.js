// Where the page is, in the part of its address after '#': what is shown can be linked to, reloaded and gone back to.

const VIEWS = ["memory", "file", "ledger"];
const NAMES = ["q", "kind", "about", "past", "all", "at", "known", "repo", "tenant", "user", "branch", "environment", "upto"];

/** The view, the memory's id or the file's path if it shows one, and every named value, '' if it is not given. */
export function current() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const [first, ...rest] = path.split("/");
  const given = new URLSearchParams(query);
  const values = Object.fromEntries(NAMES.map((name) => [name, given.get(name) ?? ""]));
  return { ...values, view: VIEWS.includes(first) ? first : "search", id: decoded(rest.join("/")) };
}

/** The address of the current place with some values changed. */
export function link(change) {
  const state = { ...current(), upto: "", ...change };
  const given = new URLSearchParams(NAMES.filter((name) => state[name]).map((name) => [name, state[name]]));
  const path = { search: "", ledger: "ledger", memory: `memory/${encodeURIComponent(state.id)}`, file: `file/${encodeURIComponent(state.id)}` }[state.view];
  return `#/${path}${given.size ? `?${given}` : ""}`;
}

/** Go there; `isPassing` leaves no trace in the browser's history, as while a slider moves. */
export function go(change, { isPassing = false } = {}) {
  const href = link(change);
  if (href === location.hash) return;
  if (isPassing) history.replaceState(null, "", href);
  else history.pushState(null, "", href);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
