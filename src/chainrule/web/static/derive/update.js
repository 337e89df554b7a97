/*
 * What the optimizer makes of the derivatives: each weight, and the loss before and after.
 *
 * `update` are the optimizer's formulas: {name, plain, rules: [{symbol, formula, moment, shared}], constants, symbols,
 * clip, decay, decayed}, or {name, why} where there are none; `state` is what they start from: {name, steps, moments:
 * {path: {name: values}}}.
 */
import { decode } from "../numbers.js";
import { evaluate } from "./formula.js";
import { latexNumber, math, number } from "./math.js";
import { print } from "./printing.js";
import { oriented } from "./backward.js";
import { Run } from "./run.js";
import { LATEX, TEXT } from "./writing.js";
import { norm } from "./writer.js";

const MOST_LINES = 64;
const CLIPPING = {
  clipvalue: "each g is cut to at most", clipnorm: "the g of each variable together are scaled to a norm of at most",
  global_clipnorm: "all g together are scaled to a norm of at most",
};

/** The state that a frame holds, its moments as numbers. */
export function stateOf(recorded) {
  if (!recorded) return null;
  const numbers = (named) => Object.fromEntries(Object.entries(named).map(([name, array]) => [name, decode(array).data]));
  return { ...recorded, moments: Object.fromEntries(Object.entries(recorded.moments).map(([path, named]) => [path, numbers(named)])) };
}

const trainedOf = (run) => run.variables.filter((v) => v.trainable);

/** Why the update of this frame cannot be computed; "" if it can. */
export function whyNoUpdate({ update, state, rate }) {
  if (update.why) return update.why;
  if (update.plain ? state && state.name !== update.name : state?.name !== update.name) return `This frame does not hold what ${update.name} goes on from, so that its update cannot be computed.`;
  if (!Number.isFinite(rate)) return "This frame does not hold the learning rate, so that its update cannot be computed.";
  const lacks = update.rules.some((rule) => rule.moment && !Object.values(state.moments).some((m) => rule.moment in m));
  return lacks ? `This frame does not hold the moments of ${update.name}, so that its update cannot be computed.` : "";
}

/** One step by this observation: {shared, taken: {path: {w, g}}, made: {path: {symbol: values}}, after: {path: values}}. */
export function stepped(run, { update, state, rate }) {
  const base = { ...update.constants, eta: rate, t: (state?.steps ?? 0) + 1 }, shared = {}, taken = {}, made = {}, after = {};
  for (const rule of update.rules) if (rule.shared) base[rule.symbol] = shared[rule.symbol] = computed(rule, base);
  const gradients = clipped(trainedOf(run), update.clip);
  const rules = update.rules.filter((rule) => !rule.shared);
  trainedOf(run).forEach((v, k) => {
    const decay = update.decayed.includes(v.path) ? update.decay ?? 0 : 0, moments = state?.moments[v.path];
    const w = Float64Array.from(v.values, (value) => value - value * decay * rate), g = gradients[k];
    const found = Object.fromEntries(rules.map((rule) => [rule.symbol, new Float64Array(w.length)]));
    for (let at = 0; at < w.length; at += 1) {
      const values = environment(update, base, moments, w[at], g[at], at);
      for (const rule of rules) values[rule.symbol] = found[rule.symbol][at] = update.plain ? w[at] - rate * g[at] : computed(rule, values);
    }
    [taken[v.path], made[v.path], after[v.path]] = [{ w, g }, found, found.w];
  });
  return { base, shared, taken, made, after };
}

function environment({ rules }, base, moments, w, g, at) {
  const values = { ...base, w, g };
  for (const { symbol, moment } of rules) if (moment) values[symbol] = moments[moment][at];
  return values;
}

function computed({ formula }, values) {
  try {
    return evaluate(formula, values);
  } catch {
    return NaN;
  }
}

function clipped(variables, { clipvalue, clipnorm, global_clipnorm: all }) {
  const given = variables.map((v) => v.gradient);
  if (clipvalue) return given.map((g) => g.map((value) => Math.max(-clipvalue, Math.min(clipvalue, value))));
  if (clipnorm) return given.map((g) => g.map((value) => (value * clipnorm) / Math.max(norm(g), clipnorm)));
  const size = all && Math.hypot(...given.map(norm));
  return all ? given.map((g) => g.map((value) => value * (all * Math.min(1 / size, 1 / all)))) : given;
}

// -- in writing

/** The section of the update, or of why there is none; `weights` are all of the model's. */
export function updateSection(w, weights, x, given) {
  const { update, state, rate } = given, why = whyNoUpdate(given), title = `Update by ${update.name}`;
  if (why) return { title, rule: null, lines: [], notes: [why], level: 1, key: "update" };
  const { run } = w, step = stepped(run, given), g = w.partial(math("w")), lines = [], show = (value) => w.style.number(value);
  const notes = Object.entries(update.clip).map(([name, limit]) => `${name}: ${CLIPPING[name]} ${show(limit)}; the numbers below are the clipped ones`);
  if (update.decay !== null) notes.push(`weight decay ${show(update.decay)}: first w ← w − η·${show(update.decay)}·w; the numbers below are the decayed weights`);
  if (!update.plain) {
    const rules = update.rules.map((rule) => stated(symbolOf(update, rule.symbol), print(rule.formula, update.symbols), "←"));
    lines.push(stated(math("g"), g, ""), ...rules);
    notes.unshift("each formula takes the new values of what stands above it");
  }
  for (const rule of update.rules) if (rule.shared) lines.push(w.line(symbolOf(update, rule.symbol), null, put(w, update, rule, step.base), step.shared[rule.symbol]));
  const trained = trainedOf(run), each = update.rules.filter((rule) => !rule.shared).length;
  const few = each * trained.reduce((n, v) => n + v.values.length, 0) <= MOST_LINES;
  for (const v of trained) {
    const block = run.blocks.find((b) => b.kernel === v || b.bias === v);
    lines.push(...(few && w.scalar(block) ? inLines(w, v, given, step) : whole(w, v, given, step)));
  }
  const changed = { ...weights, ...Object.fromEntries(trained.map((v) => [v.path, { shape: v.shape, data: step.after[v.path] }])) };
  const before = show(run.total), formula = math(`${before} before, after the update`, `${latexNumber(before)} \\text{ before, after the update}`);
  lines.push(w.line(w.target, formula, null, new Run(run.start, changed, x, run.given, true).total));
  const rule = update.plain ? math(`w ← w − η·${g.text}`, `w \\leftarrow w - \\eta \\, ${g.latex}`) : null;
  const constants = Object.entries(update.constants).map(([name, value]) => `, ${symbolOf(update, name).text} = ${show(value)}`).join("");
  const heading = update.plain ? `Update, learning rate η = ${show(rate)}` : `${title}, step t = ${state.steps + 1}, learning rate η = ${show(rate)}${constants}`;
  return { title: heading, rule, lines, notes, level: 1, key: "update" };
}

function stated(symbol, formula, note) {
  return { symbol, formula, numbers: null, value: null, shown: null, exact: false, note };
}

const symbolOf = ({ symbols }, name) => symbols[name] ?? math(TEXT.symbol(name), LATEX.symbol(name));

const put = (w, { symbols }, { formula }, values) => print(formula, symbols, values, (value) => w.style.number(value));

/** One line per rule for each weight, in the order of the units. */
function inLines(w, v, { update, state }, { base, taken, made }) {
  const order = Array.from(v.values, (_, at) => at), found = made[v.path], start = taken[v.path];
  if (v.shape.length === 2) order.sort((a, b) => (a % v.shape[1]) - (b % v.shape[1]) || a - b);
  return order.flatMap((at) => {
    const values = environment(update, base, state?.moments[v.path], start.w[at], start.g[at], at), name = w.symbol(v, at);
    return update.rules.filter((rule) => !rule.shared).map((rule) => {
      const own = symbolOf(update, rule.symbol), numbers = put(w, update, rule, values);
      const symbol = rule.symbol === "w" ? name : math(`${own.text}(${name.text})`, `${own.latex}(${name.latex})`);
      values[rule.symbol] = found[rule.symbol][at];
      return w.line(symbol, null, numbers, values[rule.symbol]);
    });
  });
}

/** The new moments of a large variable, and its new values. */
function whole(w, v, { update, state }, { made, after }) {
  const symbol = w.whole(v), change = norm(after[v.path].map((value, at) => value - v.values[at]));
  const moments = Object.entries(state?.moments[v.path] ?? {}).map(([name, before]) => {
    const rule = update.rules.find((r) => r.moment === name), head = math(`${name}(${symbol.text})`, `\\mathrm{${name}}(${symbol.latex})`.replaceAll("_", "\\_"));
    return w.arrayLine(head, null, ...oriented(w, v, rule ? made[v.path][rule.symbol] : before));
  });
  return [...moments, w.arrayLine(symbol, null, ...oriented(w, v, after[v.path]), `moved by ${number(change, w.style).text}`)];
}
