// The key to a server that needs one: kept by this tab alone, and gone with it.

import { el, fill } from "./dom.js";

const KEPT = "graphmem.key";

/** The key, or ''. */
export const key = () => sessionStorage.getItem(KEPT) ?? "";

/** A form that asks for a key; `why` is what the server said, `use` is called once there is one. */
export function askForKey(why, use) {
  const field = el("input", {
    id: "key", type: "password", autocomplete: "off", spellcheck: "false", required: true, placeholder: "gmk_…",
    "aria-describedby": "key-told",
  });
  const told = el("p", { id: "key-told", class: key() ? "problem" : "hint", role: key() ? "alert" : null },
    key() ? `That key was refused: ${why}.` : "Whoever runs the server makes one: graphmem key create NAME --permission read");
  const submit = (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!/^[\x21-\x7e]+$/.test(text)) {
      fill(told, "That is no key: keys begin with gmk_ and have no spaces.").className = "problem";
      return;
    }
    sessionStorage.setItem(KEPT, text);
    use();
  };
  return el("form", { class: "panel key-form", onsubmit: submit },
    el("h1", { tabindex: "-1" }, "This server needs a key"),
    el("label", { for: "key" }, "Key"),
    el("div", { class: "row" }, field, el("button", { class: "main-button" }, "Use this key")),
    told,
    el("p", { class: "hint" }, "It stays in this tab and is forgotten when you close it."));
}

/** A button that forgets the key; nothing if there is none. */
export function lock(forgotten) {
  if (!key()) return null;
  const forget = () => {
    sessionStorage.removeItem(KEPT);
    forgotten();
  };
  return el("button", { type: "button", class: "quiet", onclick: forget }, "Forget key");
}
