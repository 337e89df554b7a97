/* One derivative as a sum over paths: every way from a weight to the loss, each a product of local derivatives. */
import { derivative } from "./facts.js";
import { weightTerms, wideGradient } from "./backward.js";
import { forwardSections } from "./forward.js";
import { lossLines, OMEGA, penaltySlope, slopeLine } from "./loss.js";
import { escape, factor, latexNumber, math, plus, times } from "./math.js";
import { slopeBetween } from "./run.js";

const MAX_PATHS = 8;

/** All paths to weight `at` of variable `v`, each a list of links {symbol, formula, value}; null if more than 8. */
export function pathsTo(w, v, at) {
  const block = w.run.blocks.find((b) => b.kernel === v || b.bias === v);
  const { source, out } = block, units = out.values.length, j = at % units, penalty = penaltySlope(w, v, at);
  const x = v.kind === "w" ? Math.floor(at / units) : null;
  const first = { symbol: w.names.partial(w.short(out, j), w.short(v, at)), formula: x === null ? math("1") : w.symbol(source, x), value: x === null ? 1 : source.values[x] };
  if (count(w, out, j, new Map()) + (penalty ? 1 : 0) > MAX_PATHS) return null;
  const found = down(w, out, j).map((links) => [...links, first]);
  return penalty ? [...found, [{ symbol: w.names.partial(OMEGA, w.short(v, at)), formula: null, value: penalty[2] }]] : found;
}

/** What number `at` of a quantity goes into: [quantity, place, link]. */
function edges(w, q, at) {
  const block = w.run.blocks.find((b) => b.source === q);
  if (!block) return [];
  const { out } = block, name = (k) => w.names.partial(w.short(out, k), w.short(q, at));
  if (block.kind === "affine") {
    const units = out.values.length, { kernel } = block;
    return out.values.map((_, k) => [out, k, { symbol: name(k), formula: w.symbol(kernel, at * units + k), value: kernel.values[at * units + k] }]);
  }
  const places = block.facts.vector ? out.values.map((_, k) => k) : [at];
  return places.map((k) => {
    const formula = block.facts.vector ? null : derivative(block.facts, { h: w.short(q, at), p: w.short(out, k) });
    return [out, k, { symbol: name(k), formula, value: slopeBetween(block, k, at) }];
  });
}

/** How many ways lead from the loss to a number, at most 10,000. */
function count(w, q, at, known) {
  if (q === w.run.out) return 1;
  const key = `${w.run.quantities.indexOf(q)}:${at}`;
  if (!known.has(key)) known.set(key, Math.min(10000, edges(w, q, at).reduce((sum, [to, k]) => sum + count(w, to, k, known), 0)));
  return known.get(key);
}

/** The links from the loss to a number, for every path. */
function down(w, q, at) {
  if (q !== w.run.out) return edges(w, q, at).flatMap(([to, k, link]) => down(w, to, k).map((links) => [...links, link]));
  const value = q.gradient[at];
  return [[{ symbol: w.partial(w.short(q, at)), formula: slopeLine(w, at, value)[0], value }]];
}

const valueOf = (links) => links.reduce((product, link) => product * link.value, 1);

/** The derivative of the loss by one weight, with the chain of each path: {lines, text, latex, value}. */
export function nodeOf(w, v, at) {
  const symbol = w.partial(w.symbol(v, at)), value = v.gradient[at], paths = pathsTo(w, v, at);
  if (!paths) return layerByLayer(w, v, at);
  const chain = (links, name) => w.line(name, times(links.map((l) => l.symbol)), times(links.map((l) => factor(l.value, w.style))), valueOf(links));
  if (paths.length === 1) {
    const line = chain(paths[0], symbol);
    const parts = [line.symbol, line.formula, line.numbers].filter(Boolean).map((p) => p.text).join(" = ");
    return { title: "", lines: [line], text: `${parts} ${line.exact ? "=" : "≈"} ${line.shown.text}`, latex: latexOf(w, v, at, paths), value };
  }
  const lines = paths.map((links, i) => chain(links, math(`path ${i + 1}`, `\\text{path ${i + 1}}`)));
  const words = math("the sum over the paths", "\\text{the sum over the paths}");
  lines.push(w.line(symbol, words, plus(paths.map((links) => factor(valueOf(links), w.style))), value));
  return { title: "", lines, text: lines.map((l) => `${l.symbol.text} = ${[l.formula, l.numbers].filter(Boolean).map((p) => p.text).join(" = ")} ${l.exact ? "=" : "≈"} ${l.shown.text}`).join("\n"), latex: latexOf(w, v, at, paths), value };
}

/** The derivatives of whole layers from the loss down to this weight's, then the weight's own. */
function layerByLayer(w, v, at) {
  const lines = [], symbol = w.partial(w.symbol(v, at)), value = v.gradient[at];
  for (const block of w.run.blocks.toReversed()) {
    lines.push(...wideGradient(w, block.out, true));
    if (block.kernel !== v && block.bias !== v) continue;
    const found = weightTerms(w, block, v, at), plain = found.length === 1 && found[0].numbers.text === "";
    lines.push(w.line(symbol, plus(found.map((t) => t.formula)), plain ? null : plus(found.map((t) => t.numbers)), value));
    break;
  }
  const title = `More than ${MAX_PATHS} paths lead to ${w.symbol(v, at).text}, so they are summed layer by layer:`;
  const text = lines.map((l) => `${l.symbol.text} = ${l.formula.text} ${l.exact ? "=" : "≈"} ${l.shown.text}`).join("\n");
  return { title, lines, text: `${title}\n${text}`, latex: aligned(lines.map((line) => equation(line))), value };
}

// -- LaTeX

const aligned = (rows) => `\\begin{aligned}\n${rows.join(" \\\\\n")}\n\\end{aligned}`;

/** One line of a derivation as LaTeX: `p &= \sigma(h) = ... \approx 0.6225`. */
export function equation(line, mark = "&") {
  const parts = [line.formula, line.numbers].filter((p) => p?.latex).map((p) => p.latex), relation = line.exact ? "=" : "\\approx";
  if (!line.shown) return `${line.symbol.latex} ${mark}${line.note === "←" ? "\\leftarrow" : "="} ${parts.join(" = ")}`;
  const note = line.note ? ` \\quad \\text{(${escape(line.note.replaceAll("−", "-"))})}` : "";
  return `${line.symbol.latex} ${mark}${parts.length ? `= ${parts.join(" = ")} ` : ""}${relation} ${line.shown.latex}${note}`;
}

/** The forward pass, then the chain with a brace under each factor. */
function latexOf(w, v, at, paths) {
  const rows = [...forwardSections(w).flatMap((s) => s.lines), ...lossLines(w)].map((line) => equation(line)).join(" \\\\\n");
  const brace = ({ symbol, formula }) => (formula ? `\\underbrace{${symbol.latex}}_{${formula.latex.replaceAll(" - ", "-").replaceAll(" + ", "+")}}` : symbol.latex);
  const chains = paths.map((links, i) => {
    const row = `  &${i ? "\\quad +" : "="} ${links.map(brace).join(" \\cdot\n     ")}`;
    return i < paths.length - 1 ? `${row} \\\\` : row;
  });
  const sign = (exact) => (exact ? "=" : "\\approx"), value = v.gradient[at];
  const numbers = paths.map((links) => times(links.map((l) => factor(l.value, w.style))).latex).join(" + ");
  const exact = paths.every((links) => links.every((l) => w.style.exact(l.value)));
  const last = `   ${sign(exact)} ${numbers} ${sign(w.style.exact(value))} ${latexNumber(w.style.number(value))}`;
  return `\\begin{aligned}\n${rows} \\\\[6pt]\n${w.partial(w.symbol(v, at)).latex}\n${chains.join("\n")}\n${last}\n\\end{aligned}`;
}

