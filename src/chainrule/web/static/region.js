/* What the network predicts over two features, and what its units give there: computed here from the weights of a frame. */
import { MOST_UNITS } from "./columns.js";
import { forward, whyNotForward } from "./network.js";
import { extent, number, row } from "./numbers.js";

const SIZES = [60, 40, 24, 16]; // points along an axis
const MOST_WORK = 1e8, MOST_NUMBERS = 4e6; // multiplications for one picture, and numbers of one layer in it

/** Where a feature stands: as set by its slider, else at its median. */
export function standing(state, i) {
  return state.fixed[i] ?? number(state.start.data.features[i].median);
}

/** Points along an axis, as many as the network's size and `most` multiplications allow; 0 if even few are too many. */
export function sizeFor(start, most = MOST_WORK) {
  if (whyNotForward(start) || start.inputs?.length !== 1 || start.inputs[0].shape?.length !== 1) return 0;
  const widest = Math.max(1, ...start.model.layers.map((layer) => layer.units ?? 1));
  const possible = SIZES.filter((n) => n * n * start.model.parameters <= MOST_WORK && n * n * widest <= MOST_NUMBERS);
  return possible.find((n) => n * n * start.model.parameters <= most) ?? possible.at(-1) ?? 0;
}

/** A bit more than the data's range of a feature. */
function rangeOf(state, i) {
  const feature = state.start.data.features[i], [a, b] = [number(feature.min), number(feature.max)];
  const [low, high] = Number.isFinite(a) && Number.isFinite(b) && b > a ? [a, b] : extent([a, b, a - 1, b + 1]);
  const more = 0.08 * (high - low);
  return { feature: i, low: low - more, high: high + more };
}

/** The last value that each layer makes: layer name to its number. */
function lastValues(start) {
  return Object.fromEntries(start.forward.map((op) => [op.layer, op.output]));
}

/** In the form of the server's view "region". */
export function regionHere(state, size) {
  const { start, frame, axes } = state, features = start.data.features.length, flat = features < 2;
  const [x, y] = [rangeOf(state, axes[0]), flat ? null : rangeOf(state, axes[1])];
  const [columns, rows] = flat ? [4 * size, 1] : [size, size], n = rows * columns;
  const stands = start.data.features.map((_, i) => standing(state, i)), data = new Float64Array(n * features);
  for (let k = 0; k < n; k += 1) {
    data.set(stands, k * features);
    data[k * features + axes[0]] = x.low + (((k % columns) + 0.5) / columns) * (x.high - x.low);
    if (!flat) data[k * features + axes[1]] = y.low + ((Math.floor(k / columns) + 0.5) / rows) * (y.high - y.low);
  }
  const values = forward(start, frame.weights, [{ shape: [features], data }]);
  const out = values[start.outputs[0].value], several = out.shape.reduce((a, b) => a * b, 1);
  const units = Object.entries(lastValues(start)).map(([layer, v]) => ({ layer, values: values[v] })).filter((u) => u.values.shape.length === 1 && u.values.shape[0] <= MOST_UNITS);
  return {
    x, y, axes, size: [rows, columns], values: { shape: several > 1 ? [rows, columns, several] : [rows, columns], data: out.data },
    units: units.map((u) => ({ layer: u.layer, values: turned(u.values, n) })),
  };
}

/** From numbers by point and unit to numbers by unit and point. */
function turned({ shape, data }, n) {
  const units = shape[0], result = new Float64Array(data.length);
  for (let k = 0; k < n; k += 1) for (let u = 0; u < units; u += 1) result[u * n + k] = data[k * units + u];
  return { shape: [units, n], data: result };
}

/** What every unit gives for the chosen observation, if it is in the probe: layer name to numbers; inputs too. */
export function activationsHere(state) {
  const { start, frame } = state, at = start?.probe?.rows.indexOf(state.row) ?? -1;
  if (!frame || at < 0 || whyNotForward(start) || start.inputs?.length !== 1) return null;
  const x = Float64Array.from(row(start.probe.x, at)), values = forward(start, frame.weights, [{ shape: start.inputs[0].shape, data: x }]);
  return { inputs: x, ...Object.fromEntries(Object.entries(lastValues(start)).map(([layer, v]) => [layer, values[v].data])) };
}
