/* What all parts of a derivation need to write themselves: symbols of numbers, and lines. */
import { escape, latexNumber, math, number, parentheses, plus } from "./math.js";
import { Names } from "./names.js";
import { Style } from "./style.js";

const SMALL = 8; // layers up to this size are written unit by unit
const MATRIX = 12; // matrices up to this size are printed in full

/**
 * A line is {symbol, formula, numbers, value, shown, exact, note}, pieces being {text, latex} or null; a section is
 * {title, rule, lines, notes, level, key}.
 */
export class Writer {
  constructor(run, options) {
    this.run = run;
    this.names = new Names(options.notation ?? "lecture", run.layers > 1);
    this.style = new Style(options.digits ?? 4, run.single);
    this.form = options.form ?? "auto";
    this.bare = null;
  }

  // -- symbols

  /** The symbol of number `at` of a quantity or variable. */
  symbol(q, at, layer = q.layer) {
    if (q.path) return this.names.weight(q.kind, this.indexOf(q, at), layer);
    if (q.kind === "x") return this.names.unit("x", at, null, q.values.length);
    return this.names.unit(q.kind, at, this.bareOutput(q) ? null : layer, q.values.length);
  }

  bareOutput(q) {
    return q.kind === "p" && this.names.notation !== "textbook";
  }

  indexOf({ shape }, at) {
    const index = shape.length === 2 ? [Math.floor(at / shape[1]), at % shape[1]] : [at];
    return this.names.keras ? index : index.filter((_, axis) => shape[axis] > 1);
  }

  /** The symbol without the layer where nothing else has that name. */
  short(q, at) {
    const full = this.symbol(q, at);
    if (q.layer === null || !this.names.layered) return full;
    const bare = this.symbol(q, at, null);
    return this.counts().get(bare.text) === 1 && bare.text !== this.names.letterOf(q.kind) ? bare : full;
  }

  /** How many numbers share each symbol once the layer is dropped. */
  counts() {
    if (this.bare) return this.bare;
    this.bare = new Map();
    for (const q of [...this.run.variables, ...this.run.quantities]) {
      if (q.values.length > SMALL * SMALL || q.kind === "x") continue;
      q.values.forEach((_, at) => {
        const { text } = this.symbol(q, at, null);
        this.bare.set(text, (this.bare.get(text) ?? 0) + 1);
      });
    }
    return this.bare;
  }

  whole(q) {
    return this.names.whole(q.kind, q.kind === "x" || this.bareOutput(q) ? null : q.layer);
  }

  /** The letter of a vector, for formulas of its elements. */
  vector(q) {
    return q.kind === "x" ? this.names.letter("x") : this.names.unit(q.kind, null, this.bareOutput(q) ? null : q.layer);
  }

  /** What is differentiated: the loss, or the loss with all penalties. */
  get target() {
    return this.run.penalized.length ? this.names.total() : this.names.loss();
  }

  partial(bottom, top = this.target) {
    return this.names.partial(top, bottom);
  }

  // -- form

  small(q) {
    return this.form === "scalar" || (this.form === "auto" && q.values.length <= SMALL);
  }

  /** Whether a block is written number by number. */
  scalar(block) {
    return this.small(block.source) && this.small(block.out);
  }

  // -- lines

  line(symbol, formula, numbers, value, note = "") {
    const plain = value + 0, shown = number(plain, this.style);
    const repeats = numbers !== null && formula !== null && (numbers.text === formula.text || numbers.text === shown.text);
    return { symbol, formula, numbers: repeats ? null : numbers, value: plain, shown, exact: this.style.exact(plain), note };
  }

  /** A line whose value is an array; `shape` where it is a matrix. */
  arrayLine(symbol, formula, values, shape = [values.length], note = "") {
    const { shown, exact } = show(Array.from(values), shape, this.style);
    return { symbol, formula, numbers: null, value: nested(values, shape), shown, exact, note };
  }

  title(block) {
    const kernel = block.kernel, following = this.run.blocks.find((b) => b.kind === "activation" && b.layer === block.layer);
    const layer = this.run.start.model.layers.find((l) => l.name === block.layer), kind = layer?.class ?? "Dense";
    const head = `Layer ${block.number}  ${block.layer}: `;
    if (kernel) return `${head}${kind} ${kernel.shape[0]} → ${kernel.shape[1]}${following ? `, ${following.name}` : ""}`;
    return `${head}${block.name === kind.toLowerCase() ? kind : `${kind} ${block.name}`}`;
  }
}

export function transposed({ text, latex }) {
  return math(`${text}ᵀ`, `${latex.includes("^") ? `{${latex}}` : latex}^{\\top}`);
}

export function nested(values, shape) {
  if (shape.length < 2) return Array.from(values);
  return Array.from({ length: shape[0] }, (_, i) => Array.from(values.slice(i * shape[1], (i + 1) * shape[1])));
}

/** An array as printed: small ones in full, large ones by their ends or their size. */
function show(values, shape, style) {
  if (values.length === 1 && shape.length === 1) return { shown: number(values[0], style), exact: style.exact(values[0]) };
  const exact = values.length <= MATRIX && values.every((v) => style.exact(v));
  if (shape.length === 1) return { shown: vectorOf(values, style), exact: exact && values.length <= SMALL };
  if (values.length <= MATRIX) return { shown: matrixOf(nested(values, shape), style), exact };
  return { shown: summary(values, shape, style), exact: false };
}

function vectorOf(values, style) {
  const parts = values.map((v) => style.number(v));
  if (values.length <= SMALL) return math(`(${parts.join(", ")})`, `(${parts.map(latexNumber).join(", ")})`);
  const ends = [...parts.slice(0, 3), parts[parts.length - 1]], count = `${values.length} numbers`;
  const text = [...ends.slice(0, 3), "…", ends[3]].join(", "), latex = [...ends.slice(0, 3).map(latexNumber), "\\dots", latexNumber(ends[3])].join(", ");
  return math(`(${text})  ${count}`, `(${latex}) \\quad \\text{${count}}`);
}

function matrixOf(rows, style) {
  const cells = rows.map((row) => row.map((v) => style.number(v)));
  const latex = cells.map((row) => row.map(latexNumber).join(" & ")).join(" \\\\ ");
  return math(`[${cells.map((row) => `[${row.join(", ")}]`).join(", ")}]`, `\\begin{pmatrix} ${latex} \\end{pmatrix}`);
}

/** Euclidean norm. */
export function norm(values) {
  let sum = 0;
  for (const v of values) sum += v * v;
  return Math.sqrt(sum);
}

function summary(values, shape, style) {
  const at = values.reduce((best, v, i) => (Math.abs(v) > Math.abs(values[best]) ? i : best), 0);
  const size = style.number(norm(values)), peak = style.number(values[at]);
  const place = `${Math.floor(at / shape[1])}, ${at % shape[1]}`;
  const latex = [`\\text{${shape.join(" x ")} numbers, norm }`, latexNumber(size), "\\text{, largest }", latexNumber(peak), `\\text{ at [${place}]}`];
  return math(`${shape.join("×")} numbers, norm ${size}, largest ${peak} at [${place}]`, latex.join(" "));
}

/** A name in upright letters. */
export const upright = (text) => math(text, `\\mathrm{${escape(text)}}`);

/** A sum in parentheses where it has several terms. */
export const bracketedSum = (pieces) => (pieces.length > 1 ? parentheses(plus(pieces)) : plus(pieces));
