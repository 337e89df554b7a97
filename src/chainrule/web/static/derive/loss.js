/* The loss in writing: its value, its derivative with respect to the outputs, penalties, and the decision. */
import { derivative, derivativeNumbers, formula, formulaNumbers, put, slopeOf, valueOf } from "./facts.js";
import { factor, isSum, math, number, plus, subscript, times, wrapped } from "./math.js";
import { bracketedSum } from "./writer.js";

const SMALL = 8;
export const OMEGA = math("Ω", "\\Omega");

/** The names of y and of the prediction in a formula, for one element or the whole vector. */
function symbolsOf(w, at) {
  const { loss, out } = w.run;
  if (at === null) return { y: w.names.unit("y", null, null), [loss.argument]: w.vector(out) };
  return { y: w.names.unit("y", at, null, out.values.length), [loss.argument]: w.symbol(out, at) };
}

const classes = (run) => (run.classNumber ? { c: Math.round(run.y[0]) } : {});

/** The lines of the loss. */
export function lossLines(w) {
  const { run } = w, { loss } = run, single = run.out.values.length === 1;
  const own = !loss.vector && !single ? elementLines(w) : [lineOf(w, loss.vector ? null : 0)];
  return [...own, ...penaltyLines(w)];
}

function lineOf(w, at) {
  const { run } = w, symbols = symbolsOf(w, at), inputs = run.lossInputs(at);
  const [numbers, note] = put(() => formulaNumbers(run.loss, symbols, w.style, inputs), () => valueOf(run.loss, inputs), run.dataLoss);
  return w.line(w.names.loss(), formula(run.loss, symbols, classes(run)), numbers, run.dataLoss, note);
}

/** One line per output, then their mean or sum; beyond 8 outputs only the latter. */
function elementLines(w) {
  const { run } = w, { loss, parts } = run, n = parts.length;
  const names = parts.map((_, k) => w.names.unit("loss", k, null, n));
  const over = ({ text, latex }) => (run.share === 1 ? math(text, latex) : math(`(${text})/${n}`, `\\frac{${latex}}{${n}}`));
  if (n > SMALL) {
    const one = wrapped(formula(loss, { y: math("yₖ"), p: math("pₖ"), h: math("hₖ") }));
    return [w.line(w.names.loss(), math(`Σₖ ${one.text}${run.share === 1 ? "" : `/${n}`}`, `\\sum_k ${one.latex}`), null, run.dataLoss)];
  }
  const lines = parts.map((value, k) => {
    const symbols = symbolsOf(w, k), inputs = run.lossInputs(k);
    const [numbers, note] = put(() => formulaNumbers(loss, symbols, w.style, inputs), () => valueOf(loss, inputs), value);
    return w.line(names[k], formula(loss, symbols), numbers, value, note);
  });
  return [...lines, w.line(w.names.loss(), over(plus(names)), over(plus(parts.map((v) => factor(v, w.style)))), run.dataLoss)];
}

/** The derivative of the loss with respect to output `at`: [formula, numbers or null, note]. */
export function slopeLine(w, at, value) {
  const { loss } = w.run, vector = loss.vector;
  const symbols = symbolsOf(w, vector ? null : at), inputs = w.run.lossInputs(vector ? null : at);
  const expected = () => { const found = slopeOf(loss, inputs); return (vector ? found[at] : found) / w.run.share; };
  const [numbers, note] = put(() => derivativeNumbers(loss, symbols, w.style, vector ? { ...inputs, i: at } : inputs), expected, value);
  const written = derivative(loss, symbols, vector ? { i: at, ...classes(w.run) } : {});
  return [shared(w, written), numbers && shared(w, numbers), note];
}

/** The derivative with respect to the whole output, in symbols. */
export function slopeWhole(w) {
  const { loss, out } = w.run, y = w.names.whole("y", null);
  return shared(w, derivative(loss, { y, [loss.argument]: w.whole(out) }, classes(w.run)));
}

function shared(w, piece) {
  const { share } = w.run;
  if (share === 1) return piece;
  const top = isSum(piece.text.replace(/^−/, "")) ? wrapped(piece).text : piece.text;
  return math(`${top}/${share}`, `\\frac{${piece.latex}}{${share}}`);
}

/** Remarks on the loss. */
export function lossNotes(w) {
  const { run } = w, { loss } = run;
  if (!loss.note) return [];
  const note = loss.note.replace(/(\d)e-0?(\d+)/g, "$1e−$2");
  if (!run.classNumber) return [note];
  const c = Math.round(run.y[0]), rest = note.startsWith("c is") ? note.split("; ").slice(1).join("; ") : note;
  return [[`class ${w.classNames?.[c] ?? c} is output ${c + 1}`, rest].filter(Boolean).join("; ")];
}

// -- the short way

const PAIRS = { sigmoid: ["binary crossentropy"], softmax: ["categorical crossentropy", "sparse categorical crossentropy"] };

/** `∂ℓ/∂h = p − y` where softmax or sigmoid meets its crossentropy; nothing where it does not hold. */
export function fusedLines(w, quantity) {
  const { run } = w, block = run.blocks.find((b) => b.kind === "activation" && b.source === quantity);
  if (!block || block.out !== run.out || !PAIRS[block.name]?.includes(run.loss.title)) return [];
  const lines = quantity.values.map((_, k) => fused(w, block, k));
  return lines.includes(null) ? [] : lines;
}

function fused(w, { source, out }, k) {
  const [target, y] = targetOf(w, k), p = out.values[k], slope = source.gradient[k], scale = 1 / w.run.share;
  if (Math.abs(scale * (p - y) - slope) > 1e-9 * Math.max(1, Math.abs(slope))) return null;
  const name = w.symbol(out, k), a = number(p, w.style), b = factor(y, w.style);
  let written = math(`${name.text} − ${target.text}`, `${name.latex} - ${target.latex}`);
  let numbers = math(`${a.text} − ${b.text}`, `${a.latex} - ${b.latex}`);
  if (scale !== 1) [written, numbers] = [written, numbers].map((m) => times([factor(scale, w.style), math(`(${m.text})`, `(${m.latex})`)]));
  return w.line(w.partial(w.symbol(source, k)), written, numbers, slope, "the same, in one step");
}

/** The target of output `k` after smoothing: [symbol, value]. */
function targetOf(w, k) {
  const { run } = w, { loss } = run;
  if (run.classNumber) {
    const hit = Number(k === Math.round(run.y[0]));
    return [number(hit, w.style), hit];
  }
  const y = run.y[k], s = loss.constants.s ?? 0, symbol = w.names.unit("y", k, null, run.y.length);
  if (!s) return [symbol, y];
  const share = loss.vector ? 1 / run.y.length : 0.5;
  return [math(symbol.text.replaceAll("y", "t"), symbol.latex.replaceAll("y", "t")), y * (1 - s) + s * share];
}

// -- penalties

function penaltyLines(w) {
  const { run } = w;
  if (!run.penalized.length) return [];
  const names = run.penalized.map((_, k) => (run.penalized.length === 1 || k >= 9 ? OMEGA : math(`Ω${subscript(String(k + 1))}`, `\\Omega_${k + 1}`)));
  const lines = run.penalized.map((v, k) => {
    const [written, numbers] = penaltyFormula(w, v);
    return w.line(names[k], written, numbers, run.omegas[k]);
  });
  const terms = [run.dataLoss, ...run.omegas].map((v) => factor(v, w.style));
  return [...lines, w.line(w.target, plus([w.names.loss(), ...names]), plus(terms), run.total)];
}

function penaltyFormula(w, v) {
  const written = [], numbers = [];
  for (const [power, strength] of v.penalties) {
    const lead = number(strength, w.style);
    if (v.values.length > SMALL) {
      written.push(times([lead, power === 1 ? math("Σ|w|", "\\sum |w|") : math("Σw²", "\\sum w^2")]));
      continue;
    }
    const values = Array.from(v.values);
    written.push(times([lead, bracketedSum(values.map((_, at) => raised(w.symbol(v, at), power, false)))]));
    numbers.push(times([lead, bracketedSum(values.map((value) => raised(factor(value, w.style), power, true)))]));
  }
  return [plus(written), numbers.length ? plus(numbers) : null];
}

function raised({ text, latex }, power, isValue) {
  if (power === 1) {
    const inside = isValue ? text.replace(/^[()]+|[()]+$/g, "") : text;
    return math(`|${inside}|`, `|${isValue ? latex.replace(/^\(/, "").replace(/\)$/, "") : latex}|`);
  }
  const needs = text.endsWith("⁾") || (text.includes("e") && isValue && !text.endsWith(")"));
  const ten = latex.includes("10^");
  const written = ten ? (latex.startsWith("(") ? `${latex}^2` : `(${latex})^2`) : latex.includes("^") ? `{${latex}}^2` : `${latex}^2`;
  return math(needs ? `(${text})²` : `${text}²`, written);
}

/** What the penalty adds to the derivative of one weight: [formula, numbers, value], or null. */
export function penaltySlope(w, v, at) {
  if (!v.penalties.length) return null;
  const written = [], numbers = [], name = w.symbol(v, at), value = v.values[at];
  let sum = 0;
  for (const [power, strength] of v.penalties) {
    const lead = number(strength, w.style), two = number(2, w.style);
    sum += strength * (power === 1 ? Math.sign(value) : 2 * value);
    written.push(power === 1 ? times([lead, math(`sign(${name.text})`, `\\operatorname{sign}(${name.latex})`)]) : times([two, lead, name]));
    numbers.push(power === 1 ? times([lead, factor(Math.sign(value), w.style)]) : times([two, lead, factor(value, w.style)]));
  }
  return [plus(written), plus(numbers), sum];
}

// -- the decision

const Y_HAT = math("ŷ", "\\hat{y}");

/** How the output becomes a class: {kind: "threshold" | "each" | "largest" | "", threshold, low}. */
export function decisionOf(run) {
  const { loss, out } = run, size = out.values.length, title = loss.title;
  const activation = run.blocks.find((b) => b.kind === "activation" && b.out === out)?.name ?? "";
  if (["softmax", "log_softmax", "sparsemax"].includes(activation) || title.includes("categorical")) return { kind: size > 1 ? "largest" : "" };
  const kind = size === 1 ? "threshold" : "each";
  if (["hinge loss", "squared hinge loss", "hinge", "squared hinge"].includes(title)) return { kind, threshold: 0, low: run.given.includes(-1) ? -1 : 0 };
  if (["sigmoid", "hard_sigmoid"].includes(activation) || title.startsWith("binary")) return { kind, threshold: loss.argument === "h" ? 0 : 0.5, low: 0 };
  return { kind: "" };
}

/** The lines of ŷ. */
export function decisionLines(w) {
  const { run } = w, { out } = run, decision = decisionOf(run);
  if (!decision.kind) return [];
  if (decision.kind === "largest") {
    const k = out.values.reduce((best, v, i) => (v > out.values[best] ? i : best), 0), letter = w.whole(out);
    const name = w.classNames?.[k] ?? String(k);
    const written = math(`the class of the largest ${letter.text.toLowerCase()}`, `\\text{the class of the largest } ${letter.latex}`);
    return [{ symbol: Y_HAT, formula: written, numbers: null, value: k, shown: math(name, `\\text{${name}}`), exact: true, note: "" }];
  }
  return out.values.map((p, k) => threshold(w, decision.kind === "each" ? w.names.unit("ŷ", k, null, out.values.length) : Y_HAT, k, p, decision));
}

function threshold(w, symbol, k, p, { threshold: limit, low }) {
  const [name, at, below] = [w.symbol(w.run.out, k), w.style.number(limit), w.style.number(low)];
  const latex = `1 \\text{ if } ${name.latex} > ${at} \\text{ else } ${below}`.replaceAll("−", "-");
  return w.line(symbol, math(`1 if ${name.text} > ${at} else ${below}`, latex), null, p > limit ? 1 : low, p === limit ? "exactly on the threshold" : "");
}

