/*
 * What a model predicts, computed here: the steps of a start message's `forward`, on float64 numbers.
 *
 * A value is {shape, data}: the shape of one observation, and the numbers of all rows in one Float64Array.
 */
import { ofNumbers, ofVectors } from "./activations.js";
import { decode } from "./numbers.js";

const sizeOf = (shape) => shape.reduce((a, b) => a * b, 1);

/** Why this page cannot compute the model's outputs; "" if it can. */
export function whyNotForward(start) {
  if (!start.forward) return start.forward_why || "The recording does not say how the model predicts.";
  const odd = start.forward.find((op) => !(op.op in OPS) || (op.op === "activate" && !ofNumbers(op.name, op.options) && !ofVectors(op.name)));
  return odd ? `This page has no '${odd.name ?? odd.op}' (layer ${odd.layer}).` : "";
}

/** Every value of the network by its number. `inputs` is a list of {shape, data}, one per input of the model. */
export function forward(start, weights, inputs) {
  const rows = inputs[0].data.length / sizeOf(inputs[0].shape);
  const values = [];
  start.inputs.forEach((port, i) => { values[port.value] = inputs[i]; });
  for (const op of start.forward) values[op.output] = OPS[op.op](op.inputs.map((n) => values[n]), op, weights, rows);
  return values;
}

/** The output of a model with one output for rows of inputs: {shape, data}. */
export function predict(start, weights, inputs) {
  return forward(start, weights, inputs)[start.outputs[0].value];
}

// -- steps

const OPS = {
  affine: ([x], op, weights, rows) => affine(x, weights[op.kernel], op.bias === null ? null : weights[op.bias], rows),
  activate: ([x], op) => activate(x, op),
  parametric_re_lu: ([x], op, weights) => {
    const at = spread(weights[op.alpha].shape, x.shape), alpha = weights[op.alpha].data;
    return each(x, (v, i) => (v > 0 ? v : alpha[at[i]] * v));
  },
  batch_normalize([x], op, weights) {
    const at = along(x.shape, [op.axis]), [mean, variance] = [weights[op.moving_mean].data, weights[op.moving_variance].data];
    return scaled(each(x, (v, i) => (v - mean[at[i]]) / Math.sqrt(variance[at[i]] + op.epsilon)), at, op, weights);
  },
  layer_normalize([x], op, weights) {
    return scaled(standardized(x, groups(x.shape, op.axes), op.epsilon), along(x.shape, op.axes), op, weights);
  },
  group_normalize([x], op, weights) {
    const at = along(x.shape, [op.axis]), each_ = x.shape[axisOf(op.axis, x.shape)] / op.groups;
    return scaled(standardized(x, at.map((k) => Math.floor(k / each_)), op.epsilon), at, op, weights);
  },
  root_normalize([x], op, weights) {
    const at = along(x.shape, op.axes), scale = weights[op.scale].data;
    return overGroups(x, groups(x.shape, op.axes), (_, squares, n) => 1 / Math.sqrt(squares / n + op.epsilon), (v, i, factor) => v * factor * scale[at[i]]);
  },
  unit_normalize: ([x], op) => overGroups(x, groups(x.shape, op.axes), (_, squares) => 1 / Math.sqrt(Math.max(squares, 1e-12)), (v, _, factor) => v * factor),
  rescale([x], op) {
    const scale = constant(op.scale, x.shape), offset = constant(op.offset, x.shape);
    return each(x, (v, i) => v * scale(i) + offset(i));
  },
  standardize([x], op) {
    const mean = constant(op.mean, x.shape), variance = constant(op.variance, x.shape);
    const spread_ = (i) => Math.max(Math.sqrt(variance(i)), 1e-7);
    return each(x, op.invert ? (v, i) => mean(i) + v * spread_(i) : (v, i) => (v - mean(i)) / spread_(i));
  },
  reshape: ([x], op) => ({ shape: op.shape, data: x.data }),
  transpose: ([x], op, _, rows) => transposed(x, op.order.map((axis) => axis - 1), rows),
  take: ([x], op, _, rows) => taken(x, op, rows),
  dot: ([a, b], op, _, rows) => products(a, b, op, rows),
  repeat([x], op, _, rows) {
    const size = sizeOf(x.shape), data = new Float64Array(rows * size * op.count);
    for (let r = 0; r < rows; r += 1) for (let k = 0; k < op.count; k += 1) data.set(x.data.subarray(r * size, (r + 1) * size), (r * op.count + k) * size);
    return { shape: [op.count, ...x.shape], data };
  },
  pool: ([x], op, _, rows) => pooled(x, op, rows),
  embed([x], op, weights) {
    const table = weights[op.table], width = table.shape[1], data = new Float64Array(x.data.length * width);
    x.data.forEach((k, i) => data.set(table.data.subarray(k * width, (k + 1) * width), i * width));
    return { shape: [...x.shape, width], data };
  },
  merge: (values, op, _, rows) => (op.kind === "concatenate" ? concatenated(values, op, rows) : merged(values, op.kind, rows)),
};

function affine(x, kernel, bias, rows) {
  const [n, units] = kernel.shape, count = (rows * sizeOf(x.shape)) / n;
  const data = new Float64Array(count * units);
  for (let r = 0; r < count; r += 1) {
    const to = r * units;
    if (bias) for (let j = 0; j < units; j += 1) data[to + j] = bias.data[j];
    for (let i = 0; i < n; i += 1) {
      const v = x.data[r * n + i];
      if (v !== 0) for (let j = 0; j < units; j += 1) data[to + j] += v * kernel.data[i * units + j];
    }
  }
  return { shape: [...x.shape.slice(0, -1), units], data };
}

function activate(x, op) {
  const plain = ofNumbers(op.name, op.options);
  if (plain) return each(x, plain);
  const function_ = ofVectors(op.name), at = axisOf(op.options?.axis ?? -1, x.shape);
  const length = x.shape[at], inner = sizeOf(x.shape.slice(at + 1)), outer = x.data.length / (length * inner);
  const made = function_(new Float64Array(length)).length, data = new Float64Array(outer * made * inner);
  for (let o = 0; o < outer; o += 1) {
    for (let i = 0; i < inner; i += 1) {
      const vector = Float64Array.from({ length }, (_, k) => x.data[(o * length + k) * inner + i]);
      function_(vector).forEach((v, k) => { data[(o * made + k) * inner + i] = v; });
    }
  }
  return { shape: x.shape.map((n, axis) => (axis === at ? made : n)), data };
}

// -- places of numbers

/** An axis counted with the batch, or from the end, as one of an observation's axes. */
function axisOf(axis, shape) {
  return axis < 0 ? axis + shape.length : axis - 1;
}

/** `change(value, place within the observation)` of every number. */
function each(x, change) {
  const size = sizeOf(x.shape), data = new Float64Array(x.data.length);
  for (let i = 0; i < data.length; i += 1) data[i] = change(x.data[i], i % size);
  return { shape: x.shape, data };
}

/** For every place of an observation, its place in an array over some axes only. */
function along(shape, axes) {
  const kept = axes.map((axis) => axisOf(axis, shape));
  return places(shape, shape.map((n, axis) => (kept.includes(axis) ? n : 1)));
}

/** For every place of an observation, the number of the group it is in: all that differ only along these axes. */
function groups(shape, axes) {
  const over = axes.map((axis) => axisOf(axis, shape));
  return places(shape, shape.map((n, axis) => (over.includes(axis) ? 1 : n)));
}

/** For every place of an array of one shape, the place in a smaller one that is stretched to it. */
function places(shape, small) {
  const size = sizeOf(shape), found = new Int32Array(size);
  for (let i = 0; i < size; i += 1) {
    let rest = i, place = 0, stride = 1;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      const at = rest % shape[axis];
      rest = Math.floor(rest / shape[axis]);
      if (small[axis] > 1) place += at * stride;
      stride *= small[axis];
    }
    found[i] = place;
  }
  return found;
}

/** The same for an array of fewer axes, or with one for the batch. */
function spread(small, shape) {
  const own = small.length > shape.length ? small.slice(small.length - shape.length) : small;
  return places(shape, [...new Array(shape.length - own.length).fill(1), ...own]);
}

/** A number or an array of a step as a function of the place. */
function constant(given, shape) {
  if (typeof given === "number") return () => given;
  const array = decode(given), at = spread(array.shape, shape);
  return (i) => array.data[at[i]];
}

// -- statistics

/** Changes every number by what `statistic(sum, sum of squares, count)` says of its group in its row. */
function overGroups(x, group, statistic, change) {
  const size = sizeOf(x.shape), count = Math.max(...group) + 1, data = new Float64Array(x.data.length);
  for (let from = 0; from < data.length; from += size) {
    const sums = new Float64Array(count), squares = new Float64Array(count), n = new Float64Array(count);
    for (let i = 0; i < size; i += 1) {
      sums[group[i]] += x.data[from + i];
      squares[group[i]] += x.data[from + i] ** 2;
      n[group[i]] += 1;
    }
    const found = Array.from(n, (_, k) => statistic(sums[k], squares[k], n[k]));
    for (let i = 0; i < size; i += 1) data[from + i] = change(x.data[from + i], i, found[group[i]]);
  }
  return { shape: x.shape, data };
}

function standardized(x, group, epsilon) {
  const centred = overGroups(x, group, (sum, _, n) => sum / n, (v, _, mean) => v - mean);
  return overGroups(centred, group, (_, squares, n) => 1 / Math.sqrt(squares / n + epsilon), (v, _, factor) => v * factor);
}

/** Times gamma, plus beta, where there are such. */
function scaled(x, at, op, weights) {
  const gamma = op.gamma === null ? null : weights[op.gamma].data, beta = op.beta === null ? null : weights[op.beta].data;
  return each(x, (v, i) => v * (gamma ? gamma[at[i]] : 1) + (beta ? beta[at[i]] : 0));
}

// -- shapes

function transposed(x, order, rows) {
  const size = sizeOf(x.shape), shape = order.map((axis) => x.shape[axis]);
  const strides = x.shape.map((_, axis) => sizeOf(x.shape.slice(axis + 1)));
  const from = Int32Array.from({ length: size }, (_, i) => {
    let rest = i, place = 0;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      place += (rest % shape[axis]) * strides[order[axis]];
      rest = Math.floor(rest / shape[axis]);
    }
    return place;
  });
  const data = new Float64Array(rows * size);
  for (let i = 0; i < data.length; i += 1) data[i] = x.data[i - (i % size) + from[i % size]];
  return { shape, data };
}

/** Cut every observation by a whole number, or [start, stop, step], for each of its first axes, as Python does. */
function taken(x, op, rows) {
  let from = [0];
  x.shape.forEach((n, axis) => {
    const stride = sizeOf(x.shape.slice(axis + 1)), kept = picked(n, op.key[axis] ?? [null, null, null]);
    from = from.flatMap((place) => kept.map((k) => place + k * stride));
  });
  const size = sizeOf(x.shape), data = new Float64Array(rows * from.length);
  for (let i = 0; i < data.length; i += 1) data[i] = x.data[Math.floor(i / from.length) * size + from[i % from.length]];
  return { shape: op.shape, data };
}

function picked(length, part) {
  if (typeof part === "number") return [part < 0 ? part + length : part];
  const [start, stop, step] = part, by = step ?? 1, [low, high] = by < 0 ? [-1, length - 1] : [0, length];
  const within = (n) => (n < 0 ? Math.max(n + length, low) : Math.min(n, high)), found = [];
  const first = start === null ? (by < 0 ? high : low) : within(start), end = stop === null ? (by < 0 ? low : high) : within(stop);
  for (let k = first; by < 0 ? k > end : k < end; k += by) found.push(k);
  return found;
}

/** Sums of products along an axis of each value; what is left of the first comes first. */
function products(a, b, op, rows) {
  const [p, q] = [a, b].map((x, k) => (op.normalize ? ofLengthOne(x, op.axes[k]) : x));
  const [at, other] = [p, q].map((x, k) => axisOf(op.axes[k], x.shape));
  const length = p.shape[at], [left, right] = [lines(p.shape, at), lines(q.shape, other)];
  const steps = [sizeOf(p.shape.slice(at + 1)), sizeOf(q.shape.slice(other + 1))];
  const data = new Float64Array(rows * left.length * right.length);
  let to = 0;
  for (let r = 0; r < rows; r += 1) {
    for (const i of left) {
      for (const j of right) {
        let sum = 0;
        for (let k = 0; k < length; k += 1) sum += p.data[r * sizeOf(p.shape) + i + k * steps[0]] * q.data[r * sizeOf(q.shape) + j + k * steps[1]];
        data[to] = sum;
        to += 1;
      }
    }
  }
  return { shape: op.shape, data };
}

function ofLengthOne(x, axis) {
  return overGroups(x, groups(x.shape, [axis]), (_, squares) => 1 / Math.sqrt(Math.max(squares, 1e-14)), (v, _, factor) => v * factor);
}

/** Where the lines along an axis begin. */
function lines(shape, axis) {
  const inner = sizeOf(shape.slice(axis + 1)), outer = sizeOf(shape.slice(0, axis));
  return Array.from({ length: outer * inner }, (_, i) => Math.floor(i / inner) * shape[axis] * inner + (i % inner));
}

function pooled(x, op) {
  const at = axisOf(op.axis, x.shape), length = x.shape[at], inner = sizeOf(x.shape.slice(at + 1));
  const data = new Float64Array(x.data.length / length);
  for (let i = 0; i < data.length; i += 1) {
    const start = Math.floor(i / inner) * length * inner + (i % inner);
    const values = Float64Array.from({ length }, (_, k) => x.data[start + k * inner]);
    data[i] = op.kind === "max" ? Math.max(...values) : values.reduce((a, b) => a + b, 0) / length;
  }
  return { shape: x.shape.flatMap((n, axis) => (axis !== at ? [n] : op.keepdims ? [1] : [])), data };
}

function concatenated(values, op, rows) {
  const at = axisOf(op.axis, values[0].shape), total = values.reduce((n, v) => n + v.shape[at], 0);
  const outer = rows * sizeOf(values[0].shape.slice(0, at)), blocks = values.map((v) => sizeOf(v.shape.slice(at)));
  const width = blocks.reduce((a, b) => a + b, 0), data = new Float64Array(outer * width);
  for (let o = 0; o < outer; o += 1) {
    let to = o * width;
    values.forEach((v, k) => {
      data.set(v.data.subarray(o * blocks[k], (o + 1) * blocks[k]), to);
      to += blocks[k];
    });
  }
  return { shape: values[0].shape.map((n, axis) => (axis === at ? total : n)), data };
}

const PAIRS = {
  add: (a, b) => a + b, average: (a, b) => a + b, subtract: (a, b) => a - b, multiply: (a, b) => a * b, maximum: Math.max, minimum: Math.min,
};

function merged(values, kind, rows) {
  const rank = Math.max(...values.map((v) => v.shape.length));
  const padded = values.map((v) => [...new Array(rank - v.shape.length).fill(1), ...v.shape]);
  const shape = padded[0].map((_, axis) => Math.max(...padded.map((s) => s[axis])));
  const size = sizeOf(shape), maps = padded.map((s) => places(shape, s)), data = new Float64Array(rows * size);
  for (let i = 0; i < data.length; i += 1) {
    const r = Math.floor(i / size);
    const all = values.map((v, k) => v.data[r * sizeOf(v.shape) + maps[k][i % size]]);
    data[i] = all.reduce((a, b) => PAIRS[kind](a, b)) / (kind === "average" ? all.length : 1);
  }
  return { shape, data };
}
