// A stretch of time laid out from 0 to 100 per cent, with round ticks.

const DAY_MS = 86_400_000;
const YEAR_MS = 365.25 * DAY_MS;

/** An axis on which all moments, in milliseconds, have room. */
export function axisOver(moments) {
  const low = moments.reduce((least, one) => Math.min(least, one));
  const high = moments.reduce((most, one) => Math.max(most, one));
  const room = Math.max((high - low) * 0.04, DAY_MS);
  return { low: low - room / 2, high: high + room };
}

/** The place of a moment in per cent, kept within the axis. */
export function placeOf(axis, ms) {
  return Math.min(Math.max(((ms - axis.low) / (axis.high - axis.low)) * 100, 0), 100);
}

/** Round moments within the axis with their labels, at most about so many. */
export function ticks(axis, most) {
  const days = DAYS.find((one) => (axis.high - axis.low) / (one * DAY_MS) <= most);
  if (days) return byDays(axis, days);
  const step = STEPS.find(({ months }) => (axis.high - axis.low) / ((months / 12) * YEAR_MS) <= most) ?? STEPS.at(-1);
  const first = new Date(axis.low);
  const found = [];
  for (let month = floor(first.getUTCFullYear() * 12 + first.getUTCMonth(), step.months); ; month += step.months) {
    const ms = begin(month);
    if (ms > axis.high) return found;
    if (ms >= axis.low) found.push({ ms, label: step.months < 12 ? `${year(month)}-${two((month % 12) + 1)}` : year(month) });
  }
}

function byDays(axis, days) {
  const first = Math.ceil(axis.low / (days * DAY_MS)) * days;
  const count = Math.floor((axis.high / DAY_MS - first) / days) + 1;
  return Array.from({ length: count }, (_, index) => (first + index * days) * DAY_MS)
    .map((ms) => ({ ms, label: new Date(ms).toISOString().slice(5, 10) }));
}

const DAYS = [1, 2, 7, 14];
const STEPS = [1, 3, 6, 12, 24, 60, 120, 300, 1200, 12000].map((months) => ({ months }));
const floor = (number, step) => Math.floor(number / step) * step;
const year = (month) => String(Math.floor(month / 12)).padStart(4, "0");
const two = (number) => String(number).padStart(2, "0");

function begin(month) {
  const date = new Date(0);
  date.setUTCFullYear(Math.floor(month / 12), month % 12, 1);
  return date.getTime();
}
