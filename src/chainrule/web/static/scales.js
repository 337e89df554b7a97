/* Scales of charts: where numbers lie, and which ticks are written. */
import { brief } from "./numbers.js";

/** Round steps (1, 2, 5 times a power of ten) between two numbers, at most `most` of them. */
export function ticksOf(low, high, most = 5) {
  const span = high - low || Math.abs(low) || 1;
  const rough = span / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= rough * 0.999);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
}

/** From [low, high] to [from, to]: a function with `.ticks`, `.low`, `.high`. */
export function linear(low, high, from, to, most = 5) {
  const span = high - low || 1;
  const scale = (value) => from + ((value - low) / span) * (to - from);
  return Object.assign(scale, { low, high, ticks: ticksOf(low, high, most), text: brief, back: (at) => low + ((at - from) / (to - from)) * span });
}

/** The same with powers of ten at equal distances; numbers of zero and below lie at the low end. */
export function logarithmic(low, high, from, to, most = 5) {
  const [a, b] = [Math.log10(low), Math.log10(high)];
  const inner = linear(a, b, from, to);
  const scale = (value) => inner(Math.log10(Math.max(value, low)));
  return Object.assign(scale, { low, high, ticks: powers(a, b, most), text: brief, back: (at) => 10 ** inner.back(at) });
}

function powers(a, b, most) {
  const [first, last] = [Math.ceil(a - 1e-9), Math.floor(b + 1e-9)];
  const every = Math.max(1, Math.ceil((last - first + 1) / most));
  const ticks = [];
  for (let e = first; e <= last; e += every) ticks.push(10 ** e);
  if (ticks.length >= 2) return ticks;
  const fine = [];
  for (let e = Math.floor(a); e <= b; e += 1) for (const m of [1, 2, 5]) fine.push(m * 10 ** e);
  return fine.filter((t) => Math.log10(t) >= a - 1e-9 && Math.log10(t) <= b + 1e-9);
}
