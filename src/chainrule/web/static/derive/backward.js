/* The backward pass in writing: the chain rule from the loss to every weight, with the numbers put in. */
import { derivative, derivativeNumbers, functionName, put, slopeOf } from "./facts.js";
import { fusedLines, OMEGA, penaltySlope, slopeLine, slopeWhole } from "./loss.js";
import { factor, joined, math, number, parentheses, plus, subscript, times } from "./math.js";
import { slopeBetween } from "./run.js";
import { transposed } from "./writer.js";

/** One section per layer, the last layer first (one in all if there is only one layer). */
export function backwardSections(w) {
  const found = [];
  for (const block of w.run.blocks.toReversed()) {
    const lines = [...outputLines(w, block.out), ...blockLines(w, block)], last = found[found.length - 1];
    const section = { title: w.names.layered ? w.title(block) : "", rule: null, lines, notes: [], level: 2, key: String(block.number) };
    if (last?.key === section.key) found[found.length - 1] = { ...section, lines: [...last.lines, ...lines] };
    else found.push(section);
  }
  return found;
}

// -- derivatives with respect to what a block puts out

function outputLines(w, out) {
  if (!w.small(out)) return wideGradient(w, out, false);
  const lines = out.values.map((_, at) => sum(w, w.partial(w.symbol(out, at)), terms(w, out, at), out.gradient[at]));
  return [...lines, ...fusedLines(w, out)];
}

/** A term is {formula, numbers, value, note}. */
function sum(w, symbol, found, given) {
  let value = given;
  if (!found.length) return w.line(symbol, null, null, value);
  if (Math.abs(value) <= 1e-14 * Math.max(...found.map((t) => Math.abs(t.value)))) value = 0; // the terms cancel
  const formula = plus(found.map((t) => t.formula)), note = found.map((t) => t.note).filter(Boolean).join("; ");
  if (found.length === 1 && found[0].numbers.text === "") return w.line(symbol, formula, null, value, note);
  return w.line(symbol, formula, plus(found.map((t) => t.numbers)), value, note);
}

/** The summands of the derivative with respect to one number: one for each way it is used. */
function terms(w, quantity, at) {
  const block = w.run.blocks.find((b) => b.source === quantity);
  if (!block) return [direct(w, at, quantity.gradient[at])];
  const { out } = block;
  if (block.kind === "affine") {
    const units = out.values.length;
    return out.values.map((_, j) => product(w, [[w.partial(w.symbol(out, j)), out.gradient[j]], [w.symbol(block.kernel, at * units + j), block.kernel.values[at * units + j]]]));
  }
  const through = block.facts.vector ? out.values.map((_, k) => k) : [at];
  return through.map((k) => product(w, [[w.partial(w.symbol(out, k)), out.gradient[k]], [w.names.partial(w.symbol(out, k), w.symbol(quantity, at)), slopeBetween(block, k, at)]]));
}

function product(w, factors) {
  return {
    formula: times(factors.map(([m]) => m), true), numbers: times(factors.map(([, v]) => factor(v, w.style))),
    value: factors.reduce((a, [, v]) => a * v, 1), note: "",
  };
}

function direct(w, at, value) {
  const [formula, numbers, note] = slopeLine(w, at, value);
  return { formula, numbers: numbers ?? math(""), value, note };
}

// -- inside a block

function blockLines(w, block) {
  if (!w.scalar(block)) return block.kind === "affine" ? wideWeights(w, block) : [];
  if (block.kind === "activation") return slopes(w, block);
  return [block.kernel, block.bias].filter(Boolean).flatMap((v) => variableLines(w, block, v));
}

/** `∂p/∂h = p(1 − p) = 0.6225·(1 − 0.6225)`, one line per unit; one matrix for a function of vectors. */
function slopes(w, { source, out, facts, slopes: found, jacobian }) {
  if (facts.vector) {
    const [h, p] = [w.vector(source), w.vector(out)], size = [out.values.length, source.values.length];
    return [w.arrayLine(w.names.partial(element(p, "i"), element(h, "j")), derivative(facts, { h, p }), jacobian.flat(), size)];
  }
  return source.values.map((h, k) => {
    const symbols = { h: w.symbol(source, k), p: w.symbol(out, k) };
    const [numbers, note] = put(() => derivativeNumbers(facts, symbols, w.style, { h }), () => slopeOf(facts, { h }), found[k]);
    return w.line(w.names.partial(symbols.p, symbols.h), derivative(facts, symbols), numbers, found[k], note);
  });
}

function element(name, index) {
  return math(name.text + subscript(index), `{${name.latex}}_{${index}}`);
}

/** `∂ℓ/∂w₁ = ∂ℓ/∂h · x₁`, one line for each number of a variable; frozen ones get a dot. */
function variableLines(w, block, v) {
  const order = Array.from(v.values, (_, at) => at);
  if (v.shape.length === 2) order.sort((a, b) => (a % v.shape[1]) - (b % v.shape[1]) || a - b);
  return order.map((at) => (v.trainable ? sum(w, w.partial(w.symbol(v, at)), weightTerms(w, block, v, at), v.gradient[at]) : frozen(w.partial(w.symbol(v, at)))));
}

function frozen(symbol) {
  return { symbol, formula: null, numbers: null, value: null, shown: math("·", "\\cdot"), exact: true, note: "not computed: the layer is frozen" };
}

/** `∂ℓ/∂h · x` for a weight, `∂ℓ/∂h · 1` for a bias, and the penalty's part. */
export function weightTerms(w, { source, out }, v, at) {
  const units = out.values.length, j = at % units, slope = [w.partial(w.symbol(out, j)), out.gradient[j]];
  const penalty = penaltySlope(w, v, at), extra = penalty ? [{ formula: penalty[0], numbers: penalty[1], value: penalty[2], note: "" }] : [];
  if (v.kind === "w") {
    const i = Math.floor(at / units);
    return [product(w, [slope, [w.symbol(source, i), source.values[i]]]), ...extra];
  }
  const formula = joined([slope[0], number(1, w.style)], " · ", " \\cdot ");
  return [{ formula, numbers: extra.length ? factor(slope[1], w.style) : math(""), value: slope[1], note: "" }, ...extra];
}

// -- layers too wide for single units

const delta = (w, q) => {
  const raised = w.names.raised(q.layer);
  return math(`δ${raised.text}`, `\\boldsymbol{\\delta}${raised.latex}`);
};

const madeByAffine = (w, q) => w.run.blocks.some((b) => b.kind === "affine" && b.out === q);

function consumer(w, q) {
  return w.run.blocks.find((b) => b.source === q);
}

/** The derivative with respect to a whole quantity: of a layer's h, by name δ. */
export function wideGradient(w, q, named) {
  const symbol = w.partial(w.whole(q)), block = consumer(w, q), after = block?.kind === "activation" ? block : null;
  if (["h", "p"].includes(q.kind) && madeByAffine(w, q)) {
    const name = delta(w, q), both = math(`${name.text} = ${symbol.text}`, `${name.latex} = ${symbol.latex}`);
    const formula = after ? through(w, after, q, gradientFormula(w, after.out, named)) : gradientFormula(w, q, named);
    return [w.arrayLine(both, formula, q.gradient)];
  }
  if (q.kind === "a" && q !== w.run.out && (!after || block.kind === "affine")) return []; // it stands in the formula of the layer's δ
  const formula = gradientFormula(w, q, named);
  return formula.text === symbol.text ? [] : [w.arrayLine(symbol, formula, q.gradient)];
}

/** `(W⁽²⁾δ⁽²⁾) ⊙ relu′(h⁽¹⁾)`, or with the matrix of derivatives where the function mixes its inputs. */
function through(w, { facts, name, out }, q, outer) {
  if (facts.vector) {
    const inner = w.names.partial(w.whole(out), w.names.letter("h"));
    return math(`(${inner.text})ᵀ ${outer.text}`, `\\left(${inner.latex}\\right)^{\\top} ${outer.latex}`);
  }
  const f = functionName(facts, name), h = w.whole(q), single = outer.text.startsWith("∂") && !outer.text.includes(" ");
  const left = single ? outer : parentheses(outer);
  return math(`${left.text} ⊙ ${f.text}′(${h.text})`, `${left.latex} \\odot ${f.latex}'(${h.latex})`);
}

function gradientFormula(w, q, named) {
  const block = consumer(w, q);
  if (!block) return slopeWhole(w);
  if (block.kind === "activation") return w.partial(w.whole(block.out));
  const kernel = w.whole(block.kernel), d = w.scalar(block) && !named ? w.partial(w.whole(block.out)) : delta(w, block.out);
  if (w.names.keras) return math(`${d.text} @ ${kernel.text}.T`, `${d.latex} \\, ${transposed(kernel).latex}`);
  const left = w.names.notation === "lecture" ? kernel : transposed(kernel);
  return math(left.text + d.text, left.latex + d.latex);
}

function wideWeights(w, { source, out, kernel, bias }) {
  const d = delta(w, out), from = w.whole(source), lines = [];
  if (w.small(out)) lines.push(w.arrayLine(d, w.partial(w.whole(out)), out.gradient));
  for (const v of [kernel, bias].filter(Boolean)) {
    const symbol = w.partial(w.whole(v));
    if (!v.trainable) {
      lines.push(frozen(symbol));
      continue;
    }
    const own = v === kernel ? outerProduct(w, from, d) : d;
    const formula = v.penalties.length ? plus([own, w.names.partial(OMEGA, w.whole(v))]) : own;
    lines.push(w.arrayLine(symbol, formula, ...oriented(w, v, v.gradient)));
  }
  return lines;
}

function outerProduct(w, from, d) {
  if (w.names.keras) return math(`${from.text}.T @ ${d.text}`, `${transposed(from).latex} \\, ${d.latex}`);
  const [left, right] = w.names.notation === "textbook" ? [d, transposed(from)] : [from, transposed(d)];
  return math(left.text + right.text, left.latex + right.latex);
}

/** An array of a variable's shape as the notation has it: [values, shape]; textbooks write a row of W for each unit. */
export function oriented(w, v, values) {
  if (v.shape.length !== 2 || w.names.notation !== "textbook") return [values, v.shape];
  const [n, m] = v.shape;
  return [Array.from(values, (_, at) => values[(at % n) * m + Math.floor(at / n)]), [m, n]];
}
