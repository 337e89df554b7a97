/*
 * Formulas as trees, made by `chainrule.web.formulas` from the library's own expressions: their symbols and values.
 *
 * A node is a list whose first element says what it is:
 *   ["num", "0.5"]  ["name", "h"]  ["neg", a]  ["+" | "-" | "*" | "/" | "//" | "**", a, b]  ["at", list, index]
 *   ["from", list, start]  ["compare", left, [operators], [rights]]  ["and" | "or", [conditions]]
 *   ["if", test, value, otherwise]  ["call", name, [arguments]]  ["each" | "list", element, index, range]
 */
import { erf } from "../erf.js";

const PI = Math.PI;

/** As Python does on plain numbers: what has no value is an error, not an infinity. */
function defined(value) {
  if (!Number.isFinite(value)) throw new RangeError("no such number");
  return value;
}

function divided(a, b) {
  if (b === 0) throw new RangeError("division by zero");
  return a / b;
}

function floored(a, b) {
  return Math.floor(divided(a, b));
}

function power(a, b) {
  if (a === 0 && b < 0) throw new RangeError("0 to a negative power");
  return a ** b;
}

const range = (from, to) => (to === undefined ? Array.from({ length: from }, (_, i) => i) : Array.from({ length: to - from }, (_, i) => from + i));
const all = (given) => (given.length === 1 && Array.isArray(given[0]) ? given[0] : given);

const FUNCTIONS = {
  abs: Math.abs, tanh: Math.tanh, exp: Math.exp, erf,
  cosh: (x) => defined(Math.cosh(x)),
  log: (x) => { if (!(x > 0)) throw new RangeError("logarithm of 0 or less"); return Math.log(x); },
  sqrt: (x) => { if (x < 0) throw new RangeError("root of a negative number"); return Math.sqrt(x); },
  sigma: (x) => 1 / (1 + Math.exp(-x)),
  kronecker: (i, j) => Number(i === j),
  len: (list) => list.length,
  max: (...given) => Math.max(...all(given)),
  min: (...given) => Math.min(...all(given)),
  range,
  sorted: (list) => Array.from(list).sort((a, b) => a - b),
  sum: (list) => list.reduce((a, b) => a + Number(b), 0),
};

const OPERATORS = { "+": (a, b) => a + b, "-": (a, b) => a - b, "*": (a, b) => a * b, "/": divided, "//": floored, "**": power };
const COMPARISONS = {
  Gt: (a, b) => a > b, Lt: (a, b) => a < b, GtE: (a, b) => a >= b, LtE: (a, b) => a <= b, Eq: (a, b) => a === b, NotEq: (a, b) => a !== b,
};

/** The value of a tree, given those of its symbols. */
export function evaluate(node, values) {
  const [kind, a, b, c] = node;
  if (kind in OPERATORS) return OPERATORS[kind](Number(evaluate(a, values)), Number(evaluate(b, values)));
  switch (kind) {
    case "num": return Number(a);
    case "name": return a === "pi" && !("pi" in values) ? PI : values[a];
    case "neg": return -evaluate(a, values);
    case "at": return evaluate(a, values).at(evaluate(b, values));
    case "from": return evaluate(a, values).slice(evaluate(b, values));
    case "compare": return compared(evaluate(a, values), b, c, values);
    case "and": return a.every((part) => evaluate(part, values));
    case "or": return a.some((part) => evaluate(part, values));
    case "if": return evaluate(evaluate(a, values) ? b : c, values);
    case "call": return FUNCTIONS[a](...b.map((part) => evaluate(part, values)));
    case "each": case "list": return Array.from(evaluate(c, values), (k) => evaluate(a, { ...values, [b]: k }));
    default: throw new Error(`Unknown formula '${kind}'.`);
  }
}

function compared(left, operators, rights, values) {
  let before = left;
  return operators.every((operator, i) => {
    const next = evaluate(rights[i], values), holds = COMPARISONS[operator](before, next);
    before = next;
    return holds;
  });
}

/** The nodes right below a node. */
export function children([kind, a, b, c]) {
  if (kind === "num" || kind === "name") return [];
  if (kind === "compare") return [a, ...c];
  if (kind === "and" || kind === "or") return a;
  if (kind === "call") return b;
  if (kind === "each" || kind === "list") return [a, c];
  return [a, b, c].filter((part) => Array.isArray(part));
}

/** The names in a tree that stand for values: not constants, not running indices. */
export function symbols(node) {
  if (node[0] === "name") return new Set(node[1] === "pi" ? [] : [node[1]]);
  const found = new Set(children(node).flatMap((part) => [...symbols(part)]));
  if (node[0] === "each" || node[0] === "list") found.delete(node[2]);
  return found;
}

/** An index as it is written: `i`, `i + n`. */
export function written(node) {
  const [kind, a, b] = node;
  if (kind === "num" || kind === "name") return a;
  return kind === "neg" ? `-${written(a)}` : `${written(a)} ${kind} ${written(b)}`;
}

/** The tree with `change` applied to every node, the innermost first. */
export function transformed(node, change) {
  const [kind, a, b, c] = node, inner = (part) => transformed(part, change);
  if (kind === "num" || kind === "name") return change(node);
  if (kind === "compare") return change([kind, inner(a), b, c.map(inner)]);
  if (kind === "and" || kind === "or") return change([kind, a.map(inner)]);
  if (kind === "call") return change([kind, a, b.map(inner)]);
  if (kind === "each" || kind === "list") return change([kind, inner(a), b, inner(c)]);
  return change([kind, ...[a, b, c].filter((part) => part !== undefined).map(inner)]);
}
