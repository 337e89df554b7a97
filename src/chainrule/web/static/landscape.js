/* The loss over two directions through the weights, computed here: for recordings without a server. */
import { valueOf } from "./derive/facts.js";
import { predict } from "./network.js";

const MOST_POINTS = 96, MOST_ROWS = 64, LEAST_ROWS = 8, MOST_WORK = 1.2e8, LARGEST = 200_000;

/** The mean loss of outputs {shape, data} against targets {shape, data}; NaN where the formula has no value. */
export function meanLoss(facts, outputs, targets) {
  const rows = targets.shape[0], n = outputs.data.length / rows, m = targets.data.length / rows;
  let sum = 0;
  for (let r = 0; r < rows; r += 1) sum += rowLoss(facts, outputs.data.subarray(r * n, (r + 1) * n), targets.data.subarray(r * m, (r + 1) * m));
  return sum / rows;
}

function rowLoss(facts, p, y) {
  try {
    if (facts.vector) return valueOf(facts, { y: y.length === 1 && p.length > 1 ? Math.round(y[0]) : Array.from(y), [facts.argument]: Array.from(p) });
    let sum = 0;
    for (let k = 0; k < p.length; k += 1) sum += valueOf(facts, { y: y[k], [facts.argument]: p[k] });
    return facts.combine === "mean" ? sum / p.length : sum;
  } catch {
    return NaN;
  }
}

// -- weights as one vector

/** The trained variables: [{path, shape, size}], those that frames have gradients of, or all. */
function variablesOf(start, frame) {
  const paths = frame.gradients ? Object.keys(frame.gradients) : Object.keys(frame.weights).filter((path) => !/moving_|seed/.test(path));
  return paths.map((path) => ({ path, shape: frame.weights[path].shape, size: frame.weights[path].data.length }));
}

function flat(variables, weights) {
  const vector = new Float64Array(variables.reduce((n, v) => n + v.size, 0));
  let at = 0;
  for (const { path, size } of variables) {
    vector.set(weights[path].data, at);
    at += size;
  }
  return vector;
}

function unflat(variables, vector, weights) {
  const made = { ...weights };
  let at = 0;
  for (const { path, shape, size } of variables) {
    made[path] = { shape, data: vector.subarray(at, at + size) };
    at += size;
  }
  return made;
}

function placeOf(variables, name) {
  const [path, inside] = name.split("[");
  let at = 0;
  for (const v of variables) {
    if (v.path === path) return at + inside.replace("]", "").split(",").reduce((place, i, axis) => place * v.shape[axis] + Number(i), 0);
    at += v.size;
  }
  throw new Error(`There is no weight '${name}'.`);
}

// -- directions

function dot(a, b) {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) sum += a[i] * b[i];
  return sum;
}

/**
 * The two directions in which a path extends furthest from its end, so turned that it goes to the right and upwards:
 * {first, second, shares}, by power iteration. As `principal` of `plot/arrays/directions.py`.
 */
export function principal(path) {
  const end = path.at(-1), n = end.length, moved = path.map((p) => p.map((v, i) => v - end[i]));
  const total = moved.reduce((sum, p) => sum + dot(p, p), 0), found = [], shares = [];
  for (let k = 0; k < 2; k += 1) {
    const [axis, variance] = strongest(moved, found, n);
    if (dot(axis, moved[0]) > 0) for (let i = 0; i < n; i += 1) axis[i] = -axis[i];
    found.push(axis);
    shares.push(total ? variance / total : 0);
  }
  return { first: found[0], second: found[1], shares: total ? shares : null };
}

function strongest(rows, others, n) {
  let axis = Float64Array.from({ length: n }, (_, i) => Math.cos(i * 12.9898 + others.length)), variance = 0;
  for (let round = 0; round < Math.min(60, Math.max(6, MOST_WORK / (rows.length * n))); round += 1) {
    const next = new Float64Array(n);
    for (const row of rows) {
      const along = dot(row, axis);
      for (let i = 0; i < n; i += 1) next[i] += along * row[i];
    }
    const size = normal(next, others);
    if (size < 1e-14) break;
    axis = next;
    variance = size;
  }
  normal(axis, others);
  return [axis, variance];
}

/** Makes a vector a unit one at right angles to others; returns its length before. */
function normal(vector, others) {
  for (const other of others) {
    const along = dot(vector, other);
    for (let i = 0; i < vector.length; i += 1) vector[i] -= along * other[i];
  }
  const size = Math.sqrt(dot(vector, vector));
  if (size > 0) for (let i = 0; i < vector.length; i += 1) vector[i] /= size;
  return size;
}

/** Values of a grid's columns and rows that hold places on the plane, with some room around, as `Directions.around`. */
export function around(places, at, single, points) {
  const axes = [0, 1].map((k) => places.map((place) => place[k])), ranges = axes.map((values) => Math.max(...values) - Math.min(...values));
  return axes.map((values, k) => {
    const reach = single ? Math.max(1, Math.abs(at[k])) : 1, margin = places.length < 2 ? reach : 0.25 * (Math.max(...ranges) || reach);
    const low = Math.min(...values) - margin, high = Math.max(...values) + margin;
    return Array.from({ length: points }, (_, i) => low + (i * (high - low)) / (points - 1));
  });
}

/**
 * In the form of the server's view "surface".
 * @param frames decoded frames, the path; `frame` is the one shown, `x` its inputs and `y` its targets
 */
export function surfaceOf({ start, frames, frame, x, y }, { first = "", second = "" }) {
  const variables = variablesOf(start, frame), facts = start.formulas.loss;
  if (variables.reduce((n, v) => n + v.size, 0) > LARGEST) throw new Error("The model is too large for this page to compute its loss surface.");
  const here = flat(variables, frame.weights);
  if (!here.every(Number.isFinite)) throw new Error("Some weights are not finite, so there is no loss surface.");
  const every = Math.ceil(frames.length / MOST_POINTS), kept = frames.filter((_, i) => i % every === 0 || i === frames.length - 1);
  const path = [...kept.filter((f) => f.step < frame.step).map((f) => flat(variables, f.weights)), here];
  const steps = [...kept.filter((f) => f.step < frame.step).map((f) => f.step), frame.step];
  const plane = first ? along(here, placeOf(variables, first), placeOf(variables, second)) : { origin: here, ...principal(path) };
  const where = path.map((p) => p.map((v, i) => v - plane.origin[i])).map((p) => [dot(p, plane.first), dot(p, plane.second)]);
  const affordable = Math.floor((3 * MOST_WORK) / (81 * here.length)), rows = Math.min(MOST_ROWS, x.shape[0], Math.max(LEAST_ROWS, affordable)), some = (a) => ({ shape: [rows, ...a.shape.slice(1)], data: a.data.subarray(0, (rows * a.data.length) / a.shape[0]) });
  const [inputs, targets] = [some(x), some(y)];
  const side = Math.max(9, Math.min(25, Math.floor(Math.sqrt(MOST_WORK / (rows * (here.length + 60))))) | 1);
  const [across, up] = around(where, where.at(-1), first !== "", side), loss = new Float32Array(side * side);
  up.forEach((b, i) => across.forEach((a, j) => {
    const vector = plane.origin.map((v, k) => v + a * plane.first[k] + b * plane.second[k]);
    loss[i * side + j] = meanLoss(facts, predict(start, unflat(variables, vector, frame.weights), [{ shape: inputs.shape.slice(1), data: inputs.data }]), targets);
  }));
  return {
    step: frame.step, rows, of: start.data.rows, names: first ? [first, second] : ["direction 1", "direction 2"], shares: plane.shares ?? null, x: across, y: up,
    loss: { shape: [side, side], data: loss }, path: { steps, x: where.map(([a]) => a), y: where.map(([, b]) => b) },
  };
}

function along(here, first, second) {
  const unit = (at) => Float64Array.from({ length: here.length }, (_, i) => Number(i === at)), origin = here.slice();
  origin[first] = origin[second] = 0;
  return { origin, first: unit(first), second: unit(second) };
}
