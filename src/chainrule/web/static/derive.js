/*
 * The derivation of one observation without Python: the same lines and the same numbers as `chainrule.trace` prints.
 * Pure functions of plain data; nothing here touches the page.
 */
import { backwardSections } from "./derive/backward.js";
import { forwardSections } from "./derive/forward.js";
import { decisionLines, lossLines, lossNotes } from "./derive/loss.js";
import { joined, math, times } from "./derive/math.js";
import { equation, nodeOf } from "./derive/paths.js";
import { Run, whyNotDerive } from "./derive/run.js";
import { largest } from "./derive/style.js";
import { stepped, updateSection, whyNoUpdate } from "./derive/update.js";
import { Writer } from "./derive/writer.js";

const STEP = 6e-6, TOLERANCE = 1e-6, MOST_CHECKED = 200, EFFORT = 1_000_000;
const SILENT = ["Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout", "SpatialDropout1D"];

export { equation, whyNotDerive };

/**
 * Derives one observation.
 * @param question {start, weights: {path: {shape, data}}, x, y, row, rows, rate, state, weight: "dense/kernel[0,1]",
 *   notation, digits, form, classNames}; `state` is what the optimizer goes on from, as `update.js` has it
 * @returns {page: {title, sections, foot}, node, check: {largest, ok, checked, total}, update: {before, after}, run, loss}
 */
export function derive(question) {
  const { start, weights, x, y, rate, state } = question, run = new Run(start, weights, x, y), w = new Writer(run, question);
  w.classNames = question.classNames;
  const check = checked(run, weights, x);
  const sections = [{ title: "Forward pass", rule: null, lines: [], notes: [], level: 1, key: "" }, ...forwardSections(w)];
  sections.push({ title: "", rule: null, lines: [...decisionLines(w), ...lossLines(w)], notes: [...silent(start), ...lossNotes(w)], level: 2, key: "" });
  sections.push({ title: "Backward pass", rule: ruleOf(w), lines: [], notes: [], level: 1, key: "backward" }, ...backwardSections(w));
  const given = { update: start.formulas.update, state, rate };
  if (given.update) sections.push(updateSection(w, weights, x, given));
  const foot = [sentence(check), `≈ rounded to ${w.style.digits} decimals for display; all values computed from unrounded float64`];
  const page = { title: titleOf(w, question), sections, foot };
  return { page, check, run, loss: w.target.text, ...selected(w, question, given) };
}

function selected(w, { weight }, given) {
  const place = weight && placeOf(w.run, weight);
  if (!place) return { node: null, update: null };
  const [v, at] = place, before = v.values[at];
  const update = v.trainable && given.update && !whyNoUpdate(given) ? { before, after: stepped(w.run, given).after[v.path][at] } : null;
  return { node: v.trainable ? nodeOf(w, v, at) : null, update };
}

/** The variable and the place of "dense/kernel[0,1]". */
function placeOf(run, weight) {
  const [path, inside = ""] = weight.split("["), v = run.variables.find((found) => found.path === path);
  if (!v) return null;
  const at = inside.replace("]", "").split(",").reduce((place, i, axis) => place * v.shape[axis] + Number(i), 0);
  return at < v.values.length ? [v, at] : null;
}

function titleOf(w, { row, rows, classNames }) {
  const y = w.run.given, name = y.length === 1 ? classNames?.[y[0]] : undefined;
  const target = `${w.names.unit("y", null, null).text} = ${listed(w, y)}${name === undefined || name === String(y[0]) ? "" : ` (${name})`}`;
  return `Observation ${row + 1} of ${rows}:  ${w.names.letterOf("x")} = ${listed(w, w.run.quantities[0].values)},  ${target}`;
}

function listed(w, values) {
  const parts = values.map((v) => w.style.number(v));
  if (parts.length === 1) return parts[0];
  if (parts.length > 8) return `(${parts.slice(0, 3).join(", ")}, …, ${parts[parts.length - 1]})  ${parts.length} numbers`;
  return `(${parts.join(", ")})`;
}

function ruleOf(w) {
  if (w.names.layered) return math("the chain rule, from the loss back to the first layer", "\\text{the chain rule, from the loss back to the first layer}");
  const quantities = w.run.blocks.map((b) => b.out).toReversed();
  const letters = [w.target, ...quantities.map((q) => w.names.letter(q.kind)), w.names.letter("w")];
  const chain = letters.slice(1).map((bottom, i) => w.names.partial(letters[i], bottom));
  return joined([w.partial(w.names.letter("w")), times(chain, true)], " = ");
}

function silent(start) {
  const idle = start.model.layers.filter((layer) => SILENT.includes(layer.class));
  return idle.map((layer) => `${layer.name} (${layer.class}) passes its input through: it acts only while training`);
}

// -- the check

/** Compares the backward pass with central differences of the loss, at all weights or at some, evenly spread. */
function checked(run, weights, x) {
  const variables = run.variables.filter((v) => v.trainable), total = variables.reduce((n, v) => n + v.values.length, 0);
  const few = Math.min(total, Math.max(10, Math.min(MOST_CHECKED, Math.floor(EFFORT / total))));
  let worst = 0, size = 0;
  for (let i = 0; i < few; i += 1) {
    const [v, at] = placeAt(variables, few === total ? i : Math.floor((i * (total - 1)) / (few - 1)));
    const numeric = differences(run, weights, x, v, at), analytic = v.gradient[at], difference = Math.abs(numeric - analytic);
    if (difference > worst || !Number.isFinite(difference)) worst = difference;
    size = Math.max(size, Math.abs(analytic), Math.abs(numeric));
  }
  return { largest: worst, ok: worst <= TOLERANCE * Math.max(1, size), checked: few, total };
}

function placeAt(variables, place) {
  let at = place;
  for (const v of variables) {
    if (at < v.values.length) return [v, at];
    at -= v.values.length;
  }
  return null;
}

function differences(run, weights, x, v, at) {
  const [up, down] = [STEP, -STEP].map((step) => {
    const data = Float64Array.from(v.values);
    data[at] += step;
    return new Run(run.start, { ...weights, [v.path]: { shape: v.shape, data } }, x, run.given, true).total;
  });
  return (up - down) / (2 * STEP);
}

function sentence({ largest: worst, ok, checked: n, total }) {
  const some = n === total ? "" : ` (${n} of ${total} weights)`, verdict = ok ? "✓" : "✗ they differ: the loss may have a kink here";
  return `Check: backward pass vs central differences${some}, largest difference ${largest(worst)}  ${verdict}`;
}
