// Search: a question, a few filters, and what holds as an answer to it.

import * as api from "./api.js";
import { current, go, link } from "./address.js";
import { asked } from "./asof.js";
import { axisOf, bar } from "./bars.js";
import { dateOf, stretches } from "./days.js";
import { el, fill, tell } from "./dom.js";
import { related } from "./entries.js";
import { emphasised, prose } from "./prose.js";
import { note } from "./span.js";
import { age, count, KINDS, look, ruled, sign, stateWords } from "./words.js";

const PAGE = 20;
const SHOWN = 3;
const MOST = 240;

/** Builds the form once; `show(state, signal)` answers it. */
export function searching(root) {
  const inputs = fields();
  const results = el("div", { id: "results", "aria-busy": "false" });
  const submit = (event) => {
    event?.preventDefault();
    const { q, kind, about, past } = inputs;
    go({ q: q.value.trim(), kind: kind.value, about: about.value.trim(), past: past.checked ? "yes" : "", all: "" });
  };
  for (const one of [inputs.kind, inputs.past, inputs.about]) one.addEventListener("change", () => submit());
  fill(root, el("h1", { class: "unseen", tabindex: "-1" }, "Search"), form(inputs, submit), results);

  return {
    async show(state, signal) {
      Object.assign(inputs.q, { value: state.q });
      Object.assign(inputs.kind, { value: state.kind });
      Object.assign(inputs.about, { value: state.about });
      inputs.past.checked = state.past !== "";
      results.setAttribute("aria-busy", "true");
      const answer = await answered(state, null, signal);
      fill(results, await page(answer, state, signal));
      results.setAttribute("aria-busy", "false");
      tell(results.querySelector(".count").textContent);
    },
  };
}

function fields() {
  return {
    q: el("input", { type: "search", id: "q", placeholder: "Which embedded engine do we use?", autocomplete: "off", spellcheck: "false" }),
    kind: el("select", { id: "kind" }, el("option", { value: "" }, "any"), KINDS.map((one) => el("option", { value: one }, one))),
    about: el("input", { type: "text", id: "about", placeholder: "src/api/", autocomplete: "off", spellcheck: "false" }),
    past: el("input", { type: "checkbox", id: "past" }),
  };
}

function form({ q, kind, about, past }, submit) {
  return el("form", { class: "search", role: "search", onsubmit: submit },
    el("label", { for: "q", class: "unseen" }, "Question"),
    el("div", { class: "row" }, q, el("button", { class: "main-button" }, "Search")),
    el("div", { class: "filters" },
      el("label", {}, el("span", {}, "Kind"), kind),
      el("label", {}, el("span", {}, "About file or folder"), about),
      el("label", { class: "check" }, past, el("span", {}, "also what does not hold"))));
}

/** Hits of a search; without a question everything that fits the filter, as hits of their own. */
async function answered(state, cursor, signal) {
  if (state.q) return api.search(state, { cursor, limit: PAGE, signal });
  const listed = await api.list(state, { cursor, limit: PAGE, signal });
  return { ...listed, remarks: [], hits: listed.cards.map(unasked) };
}

/** A memory as the hit of no question: the beginning of its reason, and the first of what was rejected. */
function unasked(card) {
  const options = card.alternatives.filter(({ outcome }) => outcome === "rejected").map(({ name, reason }) => ({ name, reason: shortened(reason) }));
  const reason = prose(card.rationale).find(({ tagName }) => tagName === "P" || tagName === "UL");
  const said = { excerpt: "", rationale: shortened(reason?.textContent ?? ""), rejected: options.slice(0, SHOWN), more_rejected: Math.max(options.length - SHOWN, 0), matched: [] };
  return { card, ...said, because: "", relations: [], contested: [], overruled_by: null };
}

async function page(answer, state, signal) {
  note(answer.hits.map(({ card }) => card));
  const list = el("ol", { class: "hits" }, items(answer.hits, state));
  const said = el("p", { class: "count dim" }, summary(answer, state));
  const remarks = answer.remarks.length ? el("ul", { class: "remarks" }, answer.remarks.map((one) => el("li", {}, one))) : null;
  if (!answer.hits.length) return [said, remarks, nothing(state, state.repo ? [] : await api.repositories(state, signal), answer.weaker ?? 0)];
  return [said, remarks, list, answer.cursor ? more(answer.cursor, list, said, state) : null];
}

function more(cursor, list, said, state) {
  const button = el("button", { type: "button", class: "quiet more" }, "Show more");
  let next = cursor;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const answer = await answered(state, next);
      const added = items(answer.hits, state);
      list.append(...added);
      next = answer.cursor;
      fill(said, summary({ ...answer, hits: [...list.children] }, state));
      tell(said.textContent);
      added[0]?.querySelector("a").focus();
    } catch (error) {
      tell(error.message);
      fill(button, `${error.message} Try again`);
    }
    button.disabled = false;
    if (!next) button.remove();
  });
  return button;
}

function summary({ hits, cursor, mode, note: why }, state) {
  const what = state.q || state.past ? count(hits.length, "answer", "answers") : `${count(hits.length, "memory holds", "memories hold")}`;
  const when = state.at ? `as of ${state.at}` : `now, ${dateOf(asked(state))}`;
  const known = state.known ? `, as known on ${state.known}` : "";
  return `${cursor ? "The first " : ""}${what} ${when}${known}${mode === "lexical" && why ? ` · by words alone: ${why}` : ""}`;
}

function items(hits, state) {
  const lanes = hits.map(({ card }) => ({ card, moves: card.told ? [card.told] : [], leads: null }));
  const axis = lanes.length ? axisOf(lanes, asked(state)) : null;
  return hits.map((hit, index) => item(hit, bar(lanes[index], axis, asked(state)), state));
}

function item({ card, relevance, because, relations, contested, overruled_by, ...said }, drawing, state) {
  const moment = asked(state);
  const facts = [card.aliases[0], card.kind, card.subject, card.labels.slice(0, 3).join(", "), `confidence ${card.confidence.toFixed(2)}`, age(card, moment), relevance && `relevance ${relevance.toFixed(2)}`];
  const others = contested.map(({ memory, rule }) => ({ memory, before: "contested by", after: ` (${ruled(rule)})` }));
  return el("li", { class: `hit ${look(card.state)}` },
    el("div", { class: "hit-head" },
      el("h2", {}, el("a", { href: link({ view: "memory", id: card.id }) }, card.title)),
      el("span", { class: `state ${look(card.state)}` }, el("span", { "aria-hidden": "true" }, `${sign(card.state)} `), stateWords(card))),
    told(said),
    overruled_by ? related(overruled_by, "overruled") : null,
    relations.slice(0, SHOWN).map((one) => related(one, "instead")),
    relations.length > SHOWN ? el("p", { class: "instead" }, `and ${relations.length - SHOWN} more matches`) : null,
    because ? el("p", { class: "because" }, because) : null,
    (overruled_by ? [] : others).map((one) => related(one, "contested")),
    el("div", { class: "hit-time" }, drawing, el("span", { class: "hit-dates" }, stretches(card.holding, card.told ? [card.told] : []))),
    el("p", { class: "facts dim" }, facts.filter(Boolean).join(" · ")));
}

/** What a memory says about the question, why it was decided, and what was rejected. */
function told({ excerpt, rationale, rejected, more_rejected, matched }) {
  const line = (kind, label, ...text) => el("p", { class: kind }, label ? el("span", { class: "dim" }, `${label}: `) : null, text);
  const words = (text) => emphasised(text, matched);
  return [
    excerpt ? line("excerpt", "", words(excerpt)) : null,
    rationale ? line("why", "why", words(rationale)) : null,
    rejected.map(({ name, reason }) => line("why", "rejected", words(name), reason ? [", since ", words(reason)] : "")),
    more_rejected ? line("why", "rejected", `${more_rejected} more`) : null,
  ];
}

const shortened = (text) => (text.length > MOST ? `${text.slice(0, MOST).replace(/\s+\S*$/, "")}…` : text);

function nothing(state, repositories, weaker) {
  const tips = [
    !state.past && "look at what is not in force, too",
    state.at && "ask for another day",
    (state.kind || state.about) && "take a filter away",
    state.repo && `leave repository ${state.repo}`,
    !state.repo && repositories.length && "choose one of these repositories",
  ].filter(Boolean);
  const where = state.repo ? `in repository ${state.repo}` : "org-wide";
  return el("div", { class: "empty" },
    el("p", {}, state.q ? `Nothing ${where} answers this.` : `Nothing ${where} ${state.past ? "fits" : "is in force"}.`),
    weaker ? el("p", {}, "Nothing is recorded about this. ", el("a", { href: link({ ...current(), all: "yes" }) },
      `Show what is only near it (${weaker})`)) : null,
    tips.length ? el("p", {}, `You can ${tips.join(", or ")}.`) : null,
    repositories.length ? choice(repositories) : null,
    state.past ? null : el("a", { href: link({ ...current(), past: "yes" }) }, "Look at what is not in force, too"));
}

/** Repositories to choose from. */
const choice = (repositories) => el("nav", { "aria-label": "Repositories" }, el("h2", {}, "Repositories"),
  el("ul", { class: "repositories" }, repositories.map((repo) => el("li", {}, el("a", { href: link({ ...current(), repo }) }, repo)))));
