/* Layers of many units: one block each, with a picture of the kernel that leads there. */
import { svg } from "./dom.js";
import { count } from "./numbers.js";
import { pictureOf } from "./pictures.js";

const MOST = 96; // rows and columns of the picture; more are left out evenly

/** Every n-th row and column of a matrix, so that it fits. */
export function thinnedMatrix(array, most = MOST) {
  const [rows, columns] = array.shape, dr = Math.ceil(rows / most), dc = Math.ceil(columns / most);
  const [r, c] = [Math.ceil(rows / dr), Math.ceil(columns / dc)], values = new Float32Array(r * c);
  for (let i = 0; i < r; i += 1) for (let j = 0; j < c; j += 1) values[i * c + j] = array.data[i * dr * columns + j * dc];
  return { rows: r, columns: c, values };
}

function band(a, b, place) {
  const half = (n) => (n === 1 ? 62 : ((n - 1) / 2) * place.pitch + place.size / 2);
  const [x0, x1, h0, h1, m] = [a.x + place.size / 2, b.x - place.size / 2, half(a.ys.length), half(b.ys.length), place.middle];
  return svg("path", { class: "band", d: `M${x0} ${m - h0}L${x1} ${m - h1}V${m + h1}L${x0} ${m + h0}Z` });
}

/** Blocks and the bands between them; adds to `view.blocks` what has to be drawn again with each frame. */
export function drawBlocks(view, state) {
  const { columns, place } = view, bands = [], parts = [];
  columns.forEach((column, c) => {
    const here = place.columns[c], before = columns[c - 1];
    if (c > 0 && column.linked && (column.block || before.block)) bands.push(band(place.columns[c - 1], here, place));
    if (column.block || (c > 0 && (before.block || !column.linked))) parts.push(column.block ? block(column, c, here, view, state) : null, c > 0 ? strip(column, c, view, state) : null);
  });
  return svg("g", null, bands, parts.filter(Boolean));
}

function block(column, c, here, view, state) {
  const { size, middle } = view.place, high = 124;
  const choose = () => { if (column.kernel) state.set({ unit: { layer: column.name, index: 0 }, weight: `${column.kernel}[0,0]` }); };
  return svg("g", { class: "unit", onclick: choose },
    svg("rect", { class: "block", x: here.x - size / 2, y: middle - high / 2, width: size, height: high, rx: 8 }),
    svg("text", { x: here.x, y: middle, "text-anchor": "middle" }, count(column.units)),
    svg("text", { class: "sub", x: here.x, y: middle + 15, "text-anchor": "middle" }, c === 0 ? "inputs" : "units"));
}

/** The kernel as a picture, between the two columns. */
function strip(column, c, view, state) {
  const { place } = view, x = (place.columns[c - 1].x + place.columns[c].x) / 2, wide = Math.min(96, place.gap - place.size - 14);
  if (wide < 16 || !column.kernel) return null;
  const image = svg("image", { x: x - wide / 2, y: place.middle - 48, width: wide, height: 96, preserveAspectRatio: "none" });
  view.blocks.push({ refresh: (which) => {
    const array = state.frame?.[which]?.[column.kernel];
    if (!array || image.array === array) return;
    image.array = array;
    const grid = thinnedMatrix(array), most = grid.values.reduce((a, v) => (Number.isFinite(v) ? Math.max(a, Math.abs(v)) : a), 1e-9);
    image.setAttribute("href", pictureOf(grid, -most, most, [grid.columns, grid.rows], { down: true, smooth: false }));
  } });
  return svg("g", { "aria-hidden": "true" }, image, svg("text", { class: "sub", x, y: place.middle + 63, "text-anchor": "middle" }, `${count(column.inputs)} × ${count(column.units)}`));
}
