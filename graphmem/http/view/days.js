// Times as the page shows them: UTC days.

const DAY_MS = 86_400_000;

/** Milliseconds since 1970 of a time as the server writes it. */
export const moment = (text) => Date.parse(text);

/** The number of the day in which a moment lies. */
export const dayOf = (ms) => Math.floor(ms / DAY_MS);

/** The moment at which a day begins. */
export const startOf = (day) => day * DAY_MS;

/** `2020-06-01` of a moment. */
export const dateOf = (ms) => new Date(ms).toISOString().slice(0, 10);

/** Today's date. */
export const today = () => dateOf(Date.now());

/** Whether a text is a day of the calendar as `2020-06-01`. */
export function isDate(text) {
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text)) && dateOf(Date.parse(text)) === text;
}

/** A time of the server to the day, or to the minute if it is not midnight. */
export function told(text) {
  const date = text.slice(0, 10);
  return text.slice(11, 19) === "00:00:00" ? date : `${date} ${text.slice(11, 16)}`;
}

const OR_LATER = " (then or later)";

/** The times of moves of which no source tells the time: they were made then, or later. */
export const unsure = (moves) => new Set(moves.filter(({ word }) => word.endsWith(OR_LATER)).map(({ at }) => at));

/** `2015-09-02 – 2018-07-20`, open sides in words, a start that is not known exactly as such. */
export function stretch({ start, end }, doubts = new Set()) {
  const later = doubts.has(start) ? " or later" : "";
  if (start && end) return `${start.slice(0, 10)}${later} – ${end.slice(0, 10)}`;
  if (start) return `since ${start.slice(0, 10)}${later}`;
  return end ? `until ${end.slice(0, 10)}` : "always";
}

/** All stretches, or that there is none. */
export const stretches = (pieces, moves = []) => pieces.map((one) => stretch(one, unsure(moves))).join(", ") || "at no time";
