/* The forward pass in writing: each unit's formula with its numbers. */
import { formulaNumbers, head, put, valueOf } from "./facts.js";
import { factor, joined, math, plus, times } from "./math.js";
import { transposed } from "./writer.js";

/** The sections of the forward pass, one per layer (one in all if there is only one layer). */
export function forwardSections(w) {
  const found = [];
  for (const block of w.run.blocks) {
    const lines = blockLines(w, block), last = found[found.length - 1];
    if (last && block.kind === "activation" && last.key === String(block.number)) last.lines.push(...lines);
    else found.push({ title: w.names.layered ? w.title(block) : "", rule: null, lines, notes: [], level: 2, key: String(block.number) });
  }
  return found;
}

function blockLines(w, block) {
  if (!w.scalar(block)) return [wide(w, block)];
  return block.kind === "affine" ? affine(w, block) : activation(w, block);
}

/** `h₁ = w₁₁x₁ + w₂₁x₂ + b₁`, one line for each unit. */
function affine(w, { source, out, kernel, bias }) {
  const units = out.values.length;
  return out.values.map((value, j) => {
    const formula = [], numbers = [];
    source.values.forEach((x, i) => {
      const at = i * units + j;
      formula.push(juxtaposed(w, [w.symbol(kernel, at), w.symbol(source, i)]));
      numbers.push(times([factor(kernel.values[at], w.style), factor(x, w.style)]));
    });
    if (bias) {
      formula.push(w.symbol(bias, j));
      numbers.push(factor(bias.values[j], w.style));
    }
    return w.line(w.symbol(out, j), plus(formula), plus(numbers), value);
  });
}

/** A product of symbols: `w₁x₁`, or with a dot where names have several letters. */
function juxtaposed(w, pieces) {
  return w.names.keras ? times(pieces) : joined(pieces, "", " ");
}

/** `p = σ(h) = 1/(1 + e^(−0.5))`, one line for each unit. */
function activation(w, { source, out, facts, name }) {
  return out.values.map((value, k) => {
    const vector = facts.vector, at = vector ? k : null;
    const symbols = { h: vector ? w.vector(source) : w.symbol(source, k), p: w.symbol(out, k) };
    const inputs = vector ? { h: source.values, i: k } : { h: source.values[k] };
    const plain = () => { const found = valueOf(facts, { h: inputs.h }); return vector ? found[k] : found; };
    const [numbers, note] = put(() => formulaNumbers(facts, symbols, w.style, inputs), plain, value);
    return w.line(w.symbol(out, k), head(facts, name, symbols.h, at), numbers, value, note);
  });
}

/** `h⁽¹⁾ = W⁽¹⁾ᵀx + b⁽¹⁾` or `a⁽¹⁾ = relu(h⁽¹⁾)` with the numbers of the result. */
function wide(w, { kind, source, out, kernel, bias, facts, name }) {
  const from = w.whole(source);
  if (kind === "activation") return w.arrayLine(w.whole(out), head(facts, name, from), out.values);
  const terms = [product(w, w.whole(kernel), from)];
  if (bias) terms.push(w.whole(bias));
  return w.arrayLine(w.whole(out), plus(terms), out.values);
}

function product(w, kernel, from) {
  if (w.names.keras) return joined([from, kernel], " @ ", " \\, ");
  const [left, right] = w.names.notation === "lecture" ? [transposed(kernel), from] : [kernel, from];
  return math(left.text + right.text, left.latex + right.latex);
}
