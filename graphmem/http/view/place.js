// From where the reader looks: repository, person, branch, and what was known when.

import { go } from "./address.js";
import { el, fill } from "./dom.js";

const FIELDS = [
  ["repo", "Repository", "text", "Its shared memories, beside those of no repository."],
  ["user", "Person", "text", "Whose private memories count too."],
  ["branch", "Branch", "text", "The main line if empty."],
  ["environment", "Environment", "text", "Such as production."],
  ["tenant", "Tenant", "text", "That of the key if empty."],
  ["known", "As known on", "date", "What had been recorded by then; the latest if empty."],
];

/** Shows the place as a button that opens a form. */
export function showPlace(root, state, repositories) {
  const given = FIELDS.filter(([name]) => state[name]);
  const inputs = FIELDS.map(([name, , type]) => el("input", { id: `in-${name}`, type, value: state[name], spellcheck: "false", list: name === "repo" ? "repositories" : null, "aria-describedby": `about-${name}` }));
  const known = el("datalist", { id: "repositories" });
  const offer = async () => fill(known, (await repositories().catch(() => [])).map((repo) => el("option", { value: repo })));
  const apply = (event) => {
    event.preventDefault();
    go(Object.fromEntries(FIELDS.map(([name], index) => [name, inputs[index].value.trim()])));
    root.querySelector("details").open = false;
    root.querySelector("summary").focus();
  };
  const summary = given.map(([name, label]) => (name === "repo" ? state.repo : `${label.toLowerCase()} ${state[name]}`));
  fill(root, el("details", { ontoggle: offer },
    el("summary", {}, el("span", { class: "dim" }, "Looking at "), summary.join(" · ") || "org-wide memories"),
    el("form", { class: "panel place-form", onsubmit: apply }, known,
      FIELDS.map(([name, label, , about], index) => el("div", { class: "field" },
        el("label", { for: `in-${name}` }, label), inputs[index], el("p", { class: "hint", id: `about-${name}` }, about))),
      el("button", { class: "main-button" }, "Look here"))));
}
