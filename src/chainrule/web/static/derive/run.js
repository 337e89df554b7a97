/*
 * One observation's way through a chain of Dense layers and activations: all values, and the derivative of the loss
 * with respect to each. Only numbers here; pages.js and the others write them down.
 *
 * A quantity is {kind: "x" | "h" | "a" | "p", layer, values, gradient}; a variable also has {path, shape, trainable,
 * penalties}. A block makes one quantity of another: {kind: "affine", kernel, bias, source, out, number, layer} or
 * {kind: "activation", name, facts, jacobian, source, out, number, layer}.
 */
import { slopeOf, valueOf } from "./facts.js";


/** Why this page cannot derive the gradients of a model; "" if it can. */
export function whyNotDerive(start) {
  if (!start.forward) return start.forward_why || "The recording does not say how the model predicts.";
  if (start.inputs.length !== 1 || start.outputs.length !== 1) return "Models with several inputs or outputs are derived in Python: chainrule.trace(model, x, y).";
  let last = start.inputs[0].value;
  const met = new Set();
  for (const op of start.forward) {
    const passes = op.op === "affine" || (op.op === "reshape" && op.shape.length === 1) || (op.op === "activate" && (op.name === "linear" || factsOf(start, op)));
    if (!passes || op.inputs.length !== 1 || op.inputs[0] !== last || op.shape.length !== 1 || met.has(op.kernel)) {
      return `Layer '${op.layer}' is more than Dense and its activation; such models are derived in Python: chainrule.trace(model, x, y).`;
    }
    if (op.kernel) met.add(op.kernel);
    last = op.output;
  }
  if (!met.size) return "The model has no Dense layer.";
  if (!start.formulas?.loss) return "The recording does not hold the formula of the loss.";
  const odd = Object.entries(settingsOf(start)).find(([, s]) => s.activity_regularizer || [s.kernel_regularizer, s.bias_regularizer].some((r) => r && !penaltiesOf(r)));
  return odd ? `Layer '${odd[0]}' has a penalty of its own, which this page does not know.` : "";
}

function factsOf(start, op) {
  const known = start.formulas?.activations?.[op.layer];
  return known?.name === op.name ? known.facts : null;
}

/** The settings of each layer by its name, from the model's configuration. */
function settingsOf(start) {
  const found = {};
  const visit = (part) => {
    for (const layer of part?.config?.layers ?? []) {
      if (layer.config?.layers) visit(layer);
      else if (layer.config?.name) found[layer.config.name] = layer.config;
    }
  };
  visit(start.model.config);
  return found;
}

/** [[power, strength], ...] of an L1 or L2 penalty; null for any other. */
function penaltiesOf(regularizer) {
  if (!["L1", "L2", "L1L2"].includes(regularizer?.class_name)) return null;
  const { l1 = 0, l2 = 0 } = regularizer.config;
  return [[1, l1], [2, l2]].filter(([, strength]) => strength);
}

export class Run {
  /**
   * `weights`: {path: {shape, data}}; `x`: the observation's numbers; `y`: its target's, a list;
   * `forwardOnly`: the loss alone is wanted.
   */
  constructor(start, weights, x, y, forwardOnly = false) {
    this.start = start;
    this.loss = start.formulas.loss;
    this.quantities = [{ kind: "x", layer: null, values: Array.from(x) }];
    this.variables = [];
    this.blocks = [];
    this.number = 0;
    this.settings = settingsOf(start);
    for (const op of start.forward) if (op.op === "affine") this.affine(op, weights); else if (op.op === "activate" && op.name !== "linear") this.activation(op);
    this.out = this.quantities[this.quantities.length - 1];
    if (this.out.kind !== "h" || this.loss.argument !== "h") this.out.kind = "p";
    this.single = Object.values(weights).some((w) => w.data instanceof Float32Array);
    this.target(Array.from(y));
    this.score();
    if (!forwardOnly) this.backward();
  }

  get layers() {
    return this.number;
  }

  // -- forward

  variable(path, kind, weights, layer) {
    const settings = this.settings[layer] ?? {}, { shape, data } = weights[path];
    const made = { kind, path, shape, layer: this.number, values: data, trainable: settings.trainable !== false };
    made.penalties = made.trainable ? penaltiesOf(settings[kind === "w" ? "kernel_regularizer" : "bias_regularizer"]) ?? [] : [];
    this.variables.push(made);
    return made;
  }

  affine(op, weights) {
    const source = this.quantities[this.quantities.length - 1], name = op.layer;
    this.number += 1;
    const kernel = this.variable(op.kernel, "w", weights, name), bias = op.bias === null ? null : this.variable(op.bias, "b", weights, name);
    const [n, units] = kernel.shape, values = new Array(units).fill(0);
    for (let j = 0; j < units; j += 1) {
      for (let i = 0; i < n; i += 1) values[j] += source.values[i] * kernel.values[i * units + j];
      if (bias) values[j] += bias.values[j];
    }
    const out = { kind: "h", layer: this.number, values };
    this.quantities.push(out);
    this.blocks.push({ kind: "affine", number: this.number, layer: name, source, out, kernel, bias });
  }

  activation(op) {
    const source = this.quantities[this.quantities.length - 1], facts = factsOf(this.start, op);
    const follows = source.kind === "h" && !this.blocks.some((b) => b.kind === "activation" && b.number === source.layer);
    if (!follows) this.number += 1;
    const number = follows ? source.layer : this.number;
    const values = facts.vector ? valueOf(facts, { h: stable(facts, source.values) }) : source.values.map((h) => valueOf(facts, { h }));
    const out = { kind: "a", layer: number, values };
    this.quantities.push(out);
    this.blocks.push({ kind: "activation", number, layer: op.layer, name: op.name, facts, source, out });
  }

  // -- loss

  /** The target as the formula takes it: a number per output, or a class number. */
  target(y) {
    const facts = this.loss;
    this.given = y;
    this.classNumber = facts.vector && y.length === 1 && this.out.values.length !== 1;
    const signed = facts.title.includes("hinge") && !facts.vector && y.every((v) => v === 0 || v === 1);
    this.y = signed ? y.map((v) => 2 * v - 1) : y;
  }

  /** The inputs of the loss's formula: of the whole vector, or of output `at`. */
  lossInputs(at) {
    const { argument } = this.loss, values = this.out.values;
    if (at !== null) return { y: this.y[at], [argument]: values[at] };
    return { y: this.classNumber ? Math.round(this.y[0]) : this.y, [argument]: values };
  }

  /** What each output's loss is divided by. */
  get share() {
    return this.loss.combine === "mean" ? this.out.values.length : 1;
  }

  score() {
    this.parts = this.loss.vector ? [] : this.out.values.map((_, at) => computed(() => valueOf(this.loss, this.lossInputs(at))));
    this.dataLoss = this.loss.vector ? computed(() => valueOf(this.loss, this.lossInputs(null))) : this.parts.reduce((a, b) => a + b, 0) / this.share;
    this.penalized = this.variables.filter((v) => v.penalties.length);
    this.omegas = this.penalized.map((v) => v.penalties.reduce((sum, [power, strength]) => sum + strength * v.values.reduce((a, w) => a + Math.abs(w) ** power, 0), 0));
    this.total = this.omegas.reduce((a, b) => a + b, this.dataLoss);
  }

  // -- backward

  backward() {
    const { loss, out } = this;
    const slopes = loss.vector ? slopeOf(loss, this.lossInputs(null)) : out.values.map((_, at) => slopeOf(loss, this.lossInputs(at)) / this.share);
    out.gradient = Array.isArray(slopes) ? slopes : out.values.map(() => slopes);
    for (const block of this.blocks.toReversed()) (block.kind === "affine" ? backAffine : backActivation)(block);
    for (const v of this.penalized) {
      for (const [power, strength] of v.penalties) v.gradient = v.gradient.map((g, i) => g + strength * (power === 1 ? Math.sign(v.values[i]) : 2 * v.values[i]));
    }
  }
}

/** For softmax: the same result, but no exponential is too large. */
function stable(facts, h) {
  if (facts.symbol !== "softmax") return h;
  const most = Math.max(...h);
  return h.map((v) => v - most);
}

function computed(compute) {
  try {
    return compute();
  } catch {
    return NaN;
  }
}

function backAffine({ source, out, kernel, bias }) {
  const [n, units] = kernel.shape, g = out.gradient;
  source.gradient = Array.from({ length: n }, (_, i) => g.reduce((sum, slope, j) => sum + slope * kernel.values[i * units + j], 0));
  kernel.gradient = Array.from({ length: n * units }, (_, at) => source.values[Math.floor(at / units)] * g[at % units]);
  if (bias) bias.gradient = g.slice();
}

function backActivation(block) {
  const { source, out, facts } = block;
  if (!facts.vector) {
    block.slopes = source.values.map((h) => slopeOf(facts, { h }));
    source.gradient = block.slopes.map((slope, k) => out.gradient[k] * slope);
    return;
  }
  block.jacobian = slopeOf(facts, { h: stable(facts, source.values) });
  source.gradient = source.values.map((_, j) => out.gradient.reduce((sum, g, k) => sum + g * block.jacobian[k][j], 0));
}

/** The derivative of an activation's output `k` with respect to its input `j`. */
export function slopeBetween(block, k, j) {
  if (block.facts.vector) return block.jacobian[k][j];
  return k === j ? block.slopes[k] : 0;
}

