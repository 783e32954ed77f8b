// The point in valid time that is asked about: a slider, a field and a button that always show the same day.

import { go } from "./address.js";
import { placeOf, ticks } from "./axis.js";
import { dateOf, dayOf, isDate, moment, startOf, today } from "./days.js";
import { el, fill, svg } from "./dom.js";
import { bounds, turns } from "./span.js";

/** The moment that a state asks about, in milliseconds. */
export const asked = ({ at }) => (isDate(at) ? moment(at) : Number.isNaN(Date.parse(at)) ? Date.now() : Date.parse(at));

/** Builds the control once; `show(state)` brings it up to date. */
export function control(root) {
  const range = el("input", { type: "range", id: "slider", step: 1, "aria-labelledby": "as-of-label", oninput: () => slide(), onchange: () => pass(dateOfRange(), false) });
  const date = el("input", { type: "date", id: "date", "aria-describedby": "as-of-hint", onchange: () => isDate(date.value) && pass(date.value, false) });
  const now = el("button", { type: "button", class: "quiet now", onclick: () => go({ at: "" }) }, "Now");
  const back = el("button", { type: "button", class: "quiet", onclick: () => jump(-1) }, "← earlier change");
  const onward = el("button", { type: "button", class: "quiet", onclick: () => jump(1) }, "later change →");
  const marks = svg("svg", { class: "marks", width: "100%", height: 24, "aria-hidden": "true" });
  let waiting = 0;

  const dateOfRange = () => dateOf(startOf(Number(range.value)));
  const pass = (day, isPassing) => {
    clearTimeout(waiting);
    waiting = 0;
    go({ at: day === today() ? "" : day }, { isPassing });
  };
  const slide = () => {
    date.value = dateOfRange();
    range.setAttribute("aria-valuetext", date.value);
    clearTimeout(waiting);
    waiting = setTimeout(() => pass(dateOfRange(), true), 90);
  };
  const jump = (way) => {
    const here = Number(range.value);
    const next = way < 0 ? turns().findLast((day) => day < here) : turns().find((day) => day > here);
    if (next !== undefined) pass(dateOf(startOf(next)), false);
  };

  fill(root,
    el("div", { class: "time-fields" },
      el("label", { for: "date", id: "as-of-label" }, "As of"), date, now,
      el("span", { class: "unseen", id: "as-of-hint" }, "The answers are those that held on this day."),
      el("span", { class: "jumps" }, back, onward)),
    el("div", { class: "slide" }, range, marks));

  return {
    show(state) {
      // An answer that comes while the slider moves on must not move it back.
      if (waiting) return;
      const day = dayOf(asked(state));
      const { low, high } = bounds(day);
      Object.assign(range, { min: low, max: high, value: day });
      date.value = dateOf(startOf(day));
      range.setAttribute("aria-valuetext", state.at ? date.value : `${date.value}, now`);
      now.setAttribute("aria-pressed", String(!state.at));
      back.disabled = !turns().some((one) => one < day);
      onward.disabled = !turns().some((one) => one > day);
      fill(marks, drawn({ low: startOf(low), high: startOf(high) }));
    },
  };
}

function drawn(axis) {
  const places = new Set(turns().map((day) => placeOf(axis, startOf(day)).toFixed(1)));
  const changes = [...places].map((place) => svg("line", { class: "turn", x1: `${place}%`, x2: `${place}%`, y1: 0, y2: 5 }));
  const labels = ticks(axis, 8).map(({ ms, label }) => {
    const place = placeOf(axis, ms);
    const anchor = place < 3 ? "start" : place > 97 ? "end" : "middle";
    return svg("text", { x: `${place}%`, y: 20, "text-anchor": anchor }, label);
  });
  return [...changes, ...labels];
}
