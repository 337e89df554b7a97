/*
 * What an activation or a loss is made of: its formula and its derivative, as `chainrule.formulas.Facts` has them.
 * `facts` are plain data: {formula, derivative, symbol, title, argument, vector, combine, constants, where: [[name,
 * tree], ...], inside, display, note}.
 */
import { evaluate, symbols, transformed } from "./formula.js";
import { escape, math, subscript } from "./math.js";
import { print } from "./printing.js";

const KNOWN_NAMES = { "σ": "\\sigma", tanh: "\\tanh", exponential: "\\exp" };

/** The value of every symbol, given those of the inputs (h; or y and p): numbers or lists. */
export function valuesOf(facts, inputs) {
  const values = { ...facts.constants, ...inputs };
  if (facts.vector) values.K = inputs[facts.argument].map((_, k) => k);
  for (const [name, tree] of facts.where) values[name] = evaluate(tree, values);
  if (facts.symbol && !("p" in values)) values.p = atEachIndex(facts.formula, { ...values, i: undefined, j: undefined });
  return values;
}

/** Computes a formula; if it has an index i (or i and j) without a value, at each one. */
function atEachIndex(tree, values) {
  for (const index of ["i", "j"]) {
    if (values[index] === undefined && symbols(tree).has(index)) {
      const every = index === "i" ? values.I ?? values.K : values.K;
      return Array.from(every, (k) => atEachIndex(tree, { ...values, [index]: k }));
    }
  }
  return evaluate(tree, values);
}

/** The function on plain numbers (a list for vectors). */
export function valueOf(facts, inputs) {
  return atEachIndex(facts.formula, valuesOf(facts, inputs));
}

/** The derivative: a number; for vectors a list, or a list of rows. */
export function slopeOf(facts, inputs) {
  const values = valuesOf(facts, inputs);
  if (facts.inside && !evaluate(facts.inside, values)) return 0;
  return atEachIndex(facts.derivative, values);
}

// -- print

function named(facts, symbols) {
  const shown = Object.entries(facts.display ?? {}).map(([name, other]) => [name, symbols[other] ?? math(other)]);
  return { ...symbols, ...Object.fromEntries(shown) };
}

/** The formula in symbols, for the elements of vectors that `indices` names (from 0). */
export function formula(facts, symbols, indices = {}) {
  return print(concrete(facts.formula, indices), named(facts, symbols));
}

/** The derivative in symbols. */
export function derivative(facts, symbols, indices = {}) {
  return print(concrete(facts.derivative, indices), named(facts, symbols));
}

/** The formula with numbers put in. */
export function formulaNumbers(facts, symbols, style, inputs) {
  return print(facts.formula, named(facts, symbols), valuesOf(facts, inputs), (v) => style.number(v));
}

/** The derivative with numbers put in. */
export function derivativeNumbers(facts, symbols, style, inputs) {
  const values = valuesOf(facts, inputs);
  const holds = !facts.inside || evaluate(facts.inside, values);
  return print(holds ? facts.derivative : ["num", "0"], named(facts, symbols), values, (v) => style.number(v));
}

const KINK = "at a kink, where the tape takes a value between both sides";

/** The numbers put into a formula, if they give `value`; else a remark in their place: [piece or null, note]. */
export function put(numbers, expected, value) {
  try {
    const found = Number(expected());
    if (Math.abs(found - value) <= 1e-6 * Math.max(1, Math.abs(value)) || (Number.isNaN(found) && Number.isNaN(value))) return [numbers(), ""];
  } catch {
    return [null, ""];
  }
  return [null, Number.isFinite(value) ? KINK : ""];
}

/** What a function is called: σ, relu. */
export function functionName(facts, name) {
  const symbol = facts?.symbol || name;
  return math(symbol, KNOWN_NAMES[symbol] ?? `\\operatorname{${escape(symbol)}}`);
}

/** The function applied to its argument: σ(h), softmax(h)₁. */
export function head(facts, name, argument, at = null) {
  const called = functionName(facts, name);
  const whole = math(`${called.text}(${argument.text})`, `${called.latex}(${argument.latex})`);
  return at === null ? whole : math(whole.text + (subscript(String(at + 1)) ?? ""), `${whole.latex}_{${at + 1}}`);
}

/** Writes a formula of vectors for given elements: p[i] for i = 0 becomes p[1], as people count. */
function concrete(tree, indices) {
  return transformed(tree, (node) => {
    const [kind, a, b] = node;
    if (kind === "name" && a in indices) return ["num", String(indices[a] + 1)];
    if (kind === "call" && a === "kronecker" && b.every(([k]) => k === "num")) return ["num", String(Number(b[0][1] === b[1][1]))];
    if (kind === "*" && a[0] === "num" && a[1] === "1") return b;
    if (kind === "*" && a[0] === "neg" && a[1][0] === "num" && a[1][1] === "1") return ["neg", b];
    if (kind === "if" && symbols(a).has("epsilon")) return b;
    return node;
  });
}
