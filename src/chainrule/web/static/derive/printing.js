/*
 * Prints the trees of formula.js as text or LaTeX, with their symbols or with numbers in their places: the same walk,
 * and so the same parentheses and signs, as `chainrule.formulas.printing`.
 */
import { evaluate, symbols, written } from "./formula.js";
import { LATEX, TEXT } from "./writing.js";
import { math } from "./math.js";

const COMPARISON = 1, SUM = 2, PRODUCT = 3, POWER = 4, ATOM = 5;
const MAX_TERMS = 8;
const ARITHMETIC = { "+": 1, "-": 1, "*": 1, "/": 1, "//": 1, "**": 1 };

const signed = (piece) => "−-".includes(piece.text[0]);

class Printer {
  constructor(notation, names, values, number) {
    this.notation = notation;
    this.names = names;
    this.values = { ...values };
    this.number = number;
    this.putting = Object.keys(values).length > 0;
  }

  print(node) {
    return this.piece(node).text;
  }

  piece(node) {
    const [kind] = node;
    if (kind in ARITHMETIC) return this.arithmetic(node);
    return this[`piece_${kind}`](node);
  }

  // -- leaves

  value(value) {
    return this.single(this.notation.number(this.number(Number(value))));
  }

  single(text) {
    return { text, strength: "−-".includes(text[0]) ? SUM : ATOM, value: true, single: true };
  }

  piece_num([, text]) {
    return { text: this.notation.number(text), strength: ATOM };
  }

  piece_name([, name]) {
    if (name in this.values) return this.value(this.values[name]);
    return { text: this.symbol(name), strength: ATOM };
  }

  symbol(name) {
    return this.names[name] || this.notation.symbol(name);
  }

  piece_at(node) {
    const [, list, index] = node;
    if (list[1] in this.values && this.known(index)) return this.value(evaluate(node, this.values));
    return { text: this.notation.subscript(this.symbol(list[1]), written(index)), strength: ATOM };
  }

  /** Whether everything in an expression has a value; false when only symbols are printed. */
  known(node) {
    return this.putting && [...symbols(node)].every((name) => name in this.values);
  }

  // -- arithmetic

  wrap(piece, unless) {
    return unless ? piece.text : this.notation.parentheses(piece.text);
  }

  piece_neg([, operand]) {
    const inner = this.piece(operand);
    if (inner.single) {
      if (signed(inner)) return this.single(inner.text.slice(1));
      return this.single(inner.text === "0" ? "0" : this.notation.minus + inner.text);
    }
    const text = this.wrap(inner, inner.strength >= PRODUCT && !signed(inner));
    return { text: this.notation.minus + text, strength: PRODUCT, value: inner.value };
  }

  /** A part of an arithmetic expression; a comparison counts as 1 or 0 (Iverson's bracket). */
  operand(node) {
    if (node[0] !== "compare") return this.piece(node);
    if (this.known(node)) return this.value(Number(evaluate(node, this.values)));
    return { text: this.notation.bracket(this.print(node)), strength: ATOM };
  }

  arithmetic([kind, a, b]) {
    if (kind === "**") return this.power(this.operand(a), b);
    const left = this.operand(a), right = this.operand(b), value = left.value || right.value;
    if (kind === "+" || kind === "-") {
      const first = this.wrap(left, left.strength >= SUM);
      const second = this.wrap(right, right.strength >= PRODUCT && !signed(right));
      return { text: `${first} ${kind === "+" ? "+" : this.notation.minus} ${second}`, strength: SUM, value };
    }
    if (kind === "/") return this.quotient(left, right);
    const first = this.wrap(left, left.strength >= PRODUCT || (signed(left) && a[0] === "neg"));
    const second = this.wrap(right, right.strength >= PRODUCT && !signed(right));
    return { text: this.product(first, this.times(left, right, second), second), strength: PRODUCT, value, call: right.call };
  }

  /** A product put together; a command of LaTeX must end before a letter. */
  product(first, times, second) {
    const runsOn = !times && /^\p{L}/u.test(second) && /\\[A-Za-z]+$/.test(first);
    return first + (runsOn ? " " : times) + second;
  }

  /** The sign between two factors: nothing between symbols, where a reader sees a product anyway. */
  times(left, right, second) {
    const dot = this.putting || left.call || right.call || /^\p{Nd}/u.test(second) || second.startsWith("e^(");
    return dot ? this.notation.times : "";
  }

  quotient(left, right) {
    const value = left.value || right.value;
    if (this.notation.stacksFractions) {
      const sign = signed(left) && (left.single || left.strength >= PRODUCT) ? left.text[0] : "";
      const text = sign + this.notation.fraction(left.text.slice(sign.length), right.text);
      return { text, strength: sign ? PRODUCT : POWER, value };
    }
    const top = this.wrap(left, left.strength >= PRODUCT || left.single);
    const bottom = this.wrap(right, right.strength >= POWER && !signed(right));
    return { text: `${top}/${bottom}`, strength: PRODUCT, value };
  }

  power(base, exponent) {
    return { text: this.notation.power(this.wrap(base, base.strength === ATOM), this.print(exponent)), strength: POWER, value: base.value };
  }

  // -- functions

  piece_call(node) {
    const [, name, given] = node;
    if (name === "sum") return this.sum(given[0]);
    if (name === "kronecker") {
      if (this.known(node)) return this.value(evaluate(node, this.values));
      return { text: this.notation.kronecker(...given.map(written)), strength: ATOM };
    }
    const pieces = given.map((part) => this.piece(part)), texts = pieces.map((p) => p.text);
    const value = pieces.some((p) => p.value);
    if (name === "exp") return { text: this.notation.power("e", texts[0]), strength: POWER, value };
    if (name === "sqrt") return { text: this.notation.sqrt(texts[0], pieces[0].strength === ATOM && !pieces[0].call), strength: ATOM, value };
    if (name === "abs" && !texts[0].includes("|")) return { text: this.notation.abs(texts[0]), strength: ATOM, value };
    return { text: this.notation.function(name, texts.join(", ")), strength: ATOM, value, call: true };
  }

  sum(node) {
    const [, element, index, range] = node;
    if (!this.known(node)) {
      const body = this.operand(element);
      return { text: this.notation.sum(index, this.wrap(body, body.strength >= PRODUCT)), strength: PRODUCT, call: true };
    }
    const terms = [];
    for (const k of evaluate(range, this.values)) {
      this.values[index] = k;
      const term = this.operand(element);
      terms.push(this.wrap(term, term.strength >= PRODUCT && !(signed(term) && terms.length)));
    }
    delete this.values[index];
    const shown = terms.length > MAX_TERMS ? [...terms.slice(0, 3), this.notation.dots, terms[terms.length - 1]] : terms;
    return { text: shown.join(" + "), strength: shown.length > 1 ? SUM : PRODUCT, value: true };
  }

  // -- conditions

  piece_compare([, left, operators, rights]) {
    const rest = rights.flatMap((right, i) => [this.notation.comparison(operators[i]), this.print(right)]);
    return { text: [this.print(left), ...rest].join(" "), strength: COMPARISON };
  }

  piece_and([, parts]) {
    return { text: parts.map((part) => this.print(part)).join(` ${this.notation.word("and")} `), strength: COMPARISON };
  }

  piece_or([, parts]) {
    return { text: parts.map((part) => this.print(part)).join(` ${this.notation.word("or")} `), strength: COMPARISON };
  }

  piece_if(node) {
    const [, test, then, otherwise] = node;
    if (this.known(test)) return this.piece(evaluate(test, this.values) ? then : otherwise);
    const cases = [];
    let rest = node;
    for (; rest[0] === "if"; rest = rest[3]) cases.push([this.print(rest[2]), this.print(rest[1])]);
    return { text: this.notation.cases(cases, this.print(rest)), strength: 0 };
  }

  /** A vector, by its general element. */
  piece_list([, element]) {
    return this.piece(element);
  }
}

const printed = (notation, node, names, values, write) => new Printer(notation, names, values, write).print(node);

/**
 * A tree as {text, latex}. `symbols` names its symbols ({text, latex} each); numbers stand for those in `values`.
 */
export function print(node, symbols = {}, values = {}, write = String) {
  const texts = {}, latex = {};
  for (const [name, piece] of Object.entries(symbols)) {
    texts[name] = piece.text;
    latex[name] = piece.latex.includes("^") ? `{${piece.latex}}` : piece.latex;
  }
  return math(safely(printed(TEXT, node, texts, values, write)), exponents(printed(LATEX, node, latex, values, write)));
}

/** Parentheses around what has an exponent of its own before another one, and a dot behind a bracket. */
function safely(text) {
  return text
    .replace(/([\p{L}\p{N}_]+⁽[⁰¹²³⁴⁵⁶⁷⁸⁹]+⁾(?:\[\d+\])?)([⁰¹²³⁴⁵⁶⁷⁸⁹])/gu, "($1)$2")
    .replace(/(\d(?:\.\d+)?e−?\d+)([²³⁴⁵⁶⁷⁸⁹])/g, "($1)$2")
    .replace(/\](?=[\p{L}\p{N}_])/gu, "]·");
}

/** `2e-7` as `2 \cdot 10^{-7}`. */
function exponents(latex) {
  return latex.replace(/(?<![\p{L}\p{N}_.])(\d+(?:\.\d+)?)e(-?\d+)(\^)?/gu, (_, mantissa, exponent, raised) => {
    const text = `${mantissa} \\cdot 10^{${exponent}}`;
    return raised ? `(${text})^` : text;
  });
}
