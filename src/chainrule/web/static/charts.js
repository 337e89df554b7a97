/*
 * Charts in SVG and on canvas. Call one again with new numbers and it draws them in the same place.
 * Each has a title and a description for screen readers, and its numbers as a table on demand.
 */
import { el, refill, setText, svg } from "./dom.js";
import { brief, extent } from "./numbers.js";
import { linear, logarithmic } from "./scales.js";

const charts = new WeakMap(); // element -> its parts
let ids = 0;

/** The frame of a chart: `<figure>` with a picture, a legend and "show as table"; drawn again as its width changes. */
function frameOf(element, draw) {
  let chart = charts.get(element);
  if (!chart) {
    const id = `chart-${(ids += 1)}`;
    chart = { title: svg("title", { id: `${id}-t` }), desc: svg("desc", { id: `${id}-d` }), legend: el("div", { class: "legend" }), rows: el("div", { class: "scroll" }) };
    chart.picture = svg("svg", { class: "chart", role: "img", "aria-labelledby": `${id}-t ${id}-d` });
    chart.details = el("details", { class: "as-table", ontoggle: () => chart.fill() }, el("summary", null, "Show as table"), chart.rows);
    refill(element, el("figure", null, chart.picture, chart.legend, chart.details));
    charts.set(element, chart);
    new ResizeObserver(() => chart.draw()).observe(chart.picture.parentElement);
  }
  chart.draw = () => {
    const width = chart.picture.parentElement.clientWidth;
    if (width > 0) draw(chart, width);
  };
  return chart;
}

function finish(chart, options, columns, rows) {
  setText(chart.title, options.title ?? "");
  setText(chart.desc, options.desc ?? "");
  chart.fill = () => {
    if (chart.details.open) table(chart.rows, columns, rows(), { caption: options.title });
  };
  chart.fill();
  chart.draw();
}

/**
 * Lines over a common axis.
 * @param series [{name, x: numbers, y: numbers, kind: 1..8 (colour), dash: bool}]
 * @param options {title, desc, xLabel, yLabel, log, height, marks: [{x, text}], points: [{x, y, marker: {marker, colour}}]}
 */
export function lineChart(element, series, options = {}) {
  const chart = frameOf(element, (c, width) => drawLines(c, width, series, options));
  refill(chart.legend, series.length > 1 ? series.map((s) => el("span", { class: `key line-${s.kind ?? 1}${s.dash ? " dash" : ""}` }, s.name)) : []);
  const steps = () => [...new Set(series.flatMap((s) => Array.from(s.x)))].sort((a, b) => a - b);
  const rows = () => thinned(steps(), 200).map((x) => [brief(x, 6), ...series.map((s) => { const i = s.x.indexOf(x); return i < 0 ? "" : brief(s.y[i], 5); })]);
  finish(chart, options, [options.xLabel ?? "x", ...series.map((s) => s.name)], rows);
}

/** Every n-th of many, with the last one. */
export function thinned(values, most) {
  const every = Math.ceil(values.length / most);
  return values.filter((_, i) => i % every === 0 || i === values.length - 1);
}

function drawLines(chart, width, series, options) {
  const height = options.height ?? 190;
  const [x0, x1] = extent(series.flatMap((s) => [s.x[0], s.x[s.x.length - 1]]));
  const sizes = [...series.flatMap((s) => Array.from(s.y)), ...(options.points ?? []).map((p) => p.y)];
  let [y0, y1] = extent(sizes.filter((v) => !options.log || v > 0));
  if (!options.log && y0 > 0 && y0 < 0.5 * y1) y0 = 0;
  if (y0 === y1) [y0, y1] = options.log ? [y0 / 2, y1 * 2] : [Math.min(0, 2 * y0), Math.max(0, 2 * y0) || 1];
  const box = { left: 46, right: width - 10, top: 10, bottom: height - 32 };
  const x = linear(x0, x1 === x0 ? x0 + 1 : x1, box.left, box.right, width / 90);
  const y = (options.log ? logarithmic : linear)(y0, y1, box.bottom, box.top, 5);
  const lines = series.map((s) => svg("path", { class: `line line-${s.kind ?? 1}${s.dash ? " dash" : ""}`, d: pathOf(s, x, y) }));
  const ends = series.filter((s) => s.x.length === 1 && Number.isFinite(s.y[0])).map((s) => svg("circle", { class: `dot line-${s.kind ?? 1}`, r: 3, cx: x(s.x[0]), cy: y(s.y[0]) }));
  const marks = (options.marks ?? []).map((m) => svg("g", { class: "mark" }, svg("line", { x1: x(m.x), x2: x(m.x), y1: box.top, y2: box.bottom }), svg("text", { x: x(m.x) + (x(m.x) > width / 2 ? -4 : 4), y: box.top + 10, "text-anchor": x(m.x) > width / 2 ? "end" : "start" }, m.text)));
  const points = (options.points ?? []).filter((p) => Number.isFinite(p.y)).map((p) => svg("path", { class: "point", d: p.marker.marker, fill: p.marker.colour, transform: `translate(${x(p.x).toFixed(1)} ${y(p.y).toFixed(1)}) scale(4)` }));
  chart.picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
  refill(chart.picture, chart.title, chart.desc, axes(x, y, box, options), points, lines, ends, marks);
}

function pathOf(s, x, y) {
  let path = "", pen = "M";
  for (let i = 0; i < s.x.length; i += 1) {
    if (!Number.isFinite(s.y[i])) { pen = "M"; continue; }
    path += `${pen}${x(s.x[i]).toFixed(1)} ${y(s.y[i]).toFixed(1)}`;
    pen = "L";
  }
  return path;
}

/** Lines, ticks and names of both axes. */
export function axes(x, y, box, options) {
  const across = y.ticks.map((t) => [options.grid !== false && svg("line", { class: "grid", x1: box.left, x2: box.right, y1: y(t), y2: y(t) }), svg("text", { x: box.left - 6, y: y(t) + 4, "text-anchor": "end" }, y.text(t))]);
  const down = x.ticks.map((t) => svg("text", { x: x(t), y: box.bottom + 14, "text-anchor": "middle" }, x.text(t)));
  const names = [
    options.xLabel && svg("text", { class: "name", x: box.right, y: box.bottom + 28, "text-anchor": "end" }, options.xLabel),
    options.yLabel && svg("text", { class: "name", x: 2, y: box.bottom + 28 }, options.yLabel),
  ];
  return svg("g", { class: "axes" }, across, svg("line", { class: "base", x1: box.left, x2: box.right, y1: box.bottom, y2: box.bottom }), down, names);
}

/**
 * Horizontal bars, one a row, with the number behind each.
 * @param items [{label, value, error, kind}]; `error` is drawn as a whisker
 * @param options {title, desc, log, valueLabel, format}
 */
export function bars(element, items, options = {}) {
  const chart = frameOf(element, (c, width) => drawBars(c, width, items, options));
  const text = options.format ?? brief;
  finish(chart, options, ["", options.valueLabel ?? "value", ...(items.some((i) => i.error) ? ["±"] : [])], () => items.map((i) => [i.label, text(i.value), ...(i.error ? [text(i.error)] : [])]));
}

function drawBars(chart, width, items, options) {
  const high = 22, text = options.format ?? brief;
  const left = Math.min(150, width * 0.38), right = width - 64;
  const sizes = items.flatMap((i) => [i.value - (i.error ?? 0), i.value + (i.error ?? 0)]).filter(Number.isFinite);
  const positive = sizes.filter((v) => v > 0);
  const [low, top] = options.log ? [Math.min(...positive, 1) / 2, Math.max(...positive, 1e-12)] : [Math.min(0, ...sizes), Math.max(0, ...sizes) || 1];
  const x = (options.log ? logarithmic : linear)(low, top === low ? low + 1 : top, left, right);
  const zero = options.log ? left : x(0);
  const one = (item, i) => {
    const known = Number.isFinite(item.value), end = known ? x(item.value) : zero, middle = i * high + high / 2;
    const reach = known && Number.isFinite(item.error) ? item.error : 0;
    return svg("g", null,
      svg("text", { x: left - 8, y: middle + 4, "text-anchor": "end" }, shortened(item.label, left / 6.6), svg("title", null, item.label)),
      svg("rect", { class: `bar line-${item.kind ?? (item.value < 0 ? 2 : 1)}`, x: Math.min(zero, end), y: middle - 6, width: Math.max(1, Math.abs(end - zero)), height: 12, rx: 2 }),
      reach && svg("line", { class: "whisker", x1: x(item.value - reach), x2: x(item.value + reach), y1: middle, y2: middle }),
      svg("text", { class: "value", x: Math.max(end, zero, reach ? x(item.value + reach) : 0) + 6, y: middle + 4 }, text(item.value)));
  };
  chart.picture.setAttribute("viewBox", `0 0 ${width} ${Math.max(1, items.length) * high + 4}`);
  refill(chart.picture, chart.title, chart.desc, svg("g", { class: "axes" }, items.map(one)));
}

/** A text of at most so many letters. */
export function shortened(text, most) {
  const letters = Array.from(String(text));
  return letters.length <= most ? letters.join("") : `${letters.slice(0, Math.max(1, Math.floor(most) - 1)).join("")}…`;
}

/**
 * Numbers of a grid as colours.
 * @param grid {rows, columns, values}: the first row lies at the bottom unless `options.down`
 * @param options {colour: (value, low, high) -> [r, g, b], low, high, smooth, label}
 */
export function heatmap(canvas, grid, options) {
  const { rows, columns, values } = grid;
  const [low, high] = [options.low, options.high].some((v) => v === undefined) ? extent(values) : [options.low, options.high];
  const image = new ImageData(columns, rows);
  for (let i = 0; i < rows; i += 1) {
    for (let j = 0; j < columns; j += 1) {
      const [r, g, b] = options.colour(values[i * columns + j], low, high);
      const at = 4 * ((options.down ? i : rows - 1 - i) * columns + j);
      image.data.set([r, g, b, 255], at);
    }
  }
  const small = document.createElement("canvas");
  small.width = columns;
  small.height = rows;
  small.getContext("2d").putImageData(image, 0, 0);
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = options.smooth ?? true;
  context.imageSmoothingQuality = "high";
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  if (options.label) canvas.setAttribute("aria-label", options.label);
}

/** A table of texts. `rows` hold one text (or element) per column. */
export function table(element, columns, rows, options = {}) {
  const head = columns.map((c) => el("th", { scope: "col" }, c));
  const body = rows.map((cells) => el("tr", null, cells.map((cell) => el("td", null, cell))));
  refill(element, el("table", { class: "numbers" }, options.caption ? el("caption", null, options.caption) : null, el("thead", null, el("tr", null, head)), el("tbody", null, body)));
}
