/* Small pictures: what a unit, or a kernel, looks like. As data addresses, for `<image>` in SVG. */
import { heatmap } from "./charts.js";
import { diverging, middleColour } from "./colours.js";

const canvas = document.createElement("canvas");

/** A grid as a data address; kept until other numbers come. */
export function pictureOf(grid, low, high, size = [40, 40], options = {}) {
  [canvas.width, canvas.height] = size;
  heatmap(canvas, grid, { colour: diverging(middleColour()), low, high, ...options });
  return canvas.toDataURL();
}

/** The range in which a unit's outputs are coloured: 0 to 1 for those that stay there, else alike on both sides of 0. */
export function rangeOf(activation, values) {
  if (["sigmoid", "softmax", "hard_sigmoid"].includes(activation)) return [0, 1];
  const most = values.reduce((a, v) => (Number.isFinite(v) ? Math.max(a, Math.abs(v)) : a), 1e-9);
  return [-most, most];
}

/** What a unit gives over the two features on the axes, or null where it is not known. Inputs show themselves. */
export function unitPicture(state, column, c, unit) {
  const region = state.region;
  if (!region) return null;
  const [rows, columns] = region.size, n = rows * columns;
  if (c === 0) return inputPicture(region, state.axes.indexOf(unit), rows, columns);
  const of = region.units?.find((u) => u.layer === column.name);
  if (!of) return null;
  const key = `${unit} ${state.theme}`;
  of.pictures ??= {};
  return (of.pictures[key] ??= (() => {
    const values = of.values.data.subarray(unit * n, (unit + 1) * n);
    return pictureOf({ rows, columns, values }, ...rangeOf(column.activation, values));
  })());
}

function inputPicture(region, axis, rows, columns) {
  if (axis < 0 || (axis === 1 && rows === 1)) return null;
  region.pictures ??= {};
  return (region.pictures[axis] ??= (() => {
    const values = Float32Array.from({ length: rows * columns }, (_, k) => (axis === 0 ? (2 * ((k % columns) + 0.5)) / columns - 1 : (2 * (Math.floor(k / columns) + 0.5)) / rows - 1));
    return pictureOf({ rows, columns, values }, -1.6, 1.6);
  })());
}
