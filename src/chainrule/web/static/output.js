/* What the network predicts over two features: colours, the boundary of the classes, and observations of the data. */
import { axes, heatmap, lineChart, shortened, table } from "./charts.js";
import { cividis, classColour, classStyle, diverging, middleColour } from "./colours.js";
import { contour } from "./contour.js";
import { el, refill, svg } from "./dom.js";
import { brief, extent, row, show } from "./numbers.js";
import { eachFrame } from "./pace.js";
import { classOf, trueClass } from "./rows.js";
import { linear } from "./scales.js";
import { unitPicture } from "./pictures.js";

const PALE = 0.72; // so that observations stand out
const LEFT = 52; // room for ticks and the name of the y-axis

/** One number per point of the grid, and how it is coloured: {at, colour, low, high, kind}. */
function surfaceOf(state) {
  const { region, start } = state, { data, shape } = region.values, task = start.data.task;
  const several = shape.length === 3 ? shape[2] : 1, columns = region.size[1];
  if (several > 1) {
    const cell = (i, j) => data.subarray((i * columns + j) * several, (i * columns + j + 1) * several);
    return { kind: "classes", several, cell };
  }
  const at = (i, j) => data[i * columns + j];
  if (task === "binary") return { kind: "binary", at, low: 0, high: 1, colour: diverging(middleColour(), PALE) };
  const [low, high] = extent([...data, ...(state.start.probe?.y?.data ?? [])]);
  return { kind: "number", at, low, high, colour: cividis };
}

/** The boundary of the classes as a path: p = 0.5, or where one class overtakes another. */
function boundaryOf(surface, size, x, y) {
  const [rows, columns] = size;
  if (surface.kind === "binary") return contour({ rows, columns, at: surface.at }, 0.5, x, y);
  if (surface.kind !== "classes") return "";
  const lead = (c) => (i, j) => surface.cell(i, j)[c] - surface.cell(i, j).reduce((most, p, k) => (k !== c && p > most ? p : most), -Infinity);
  return Array.from({ length: surface.several }, (_, c) => contour({ rows, columns, at: lead(c) }, 0, x, y)).join("");
}

/** The observations of the probe that have both features. */
export function pointsOf(state) {
  const { probe, data } = state.start;
  if (!probe?.x || probe.x.shape.length !== 2) return [];
  const classes = data.task === "binary" || data.task === "multiclass";
  return probe.rows.map((n, i) => {
    const x = row(probe.x, i), y = Array.from(row(probe.y, i));
    return { row: n, x: x[state.axes[0]], y: x[state.axes[1]], target: y[0], cls: classes ? trueClass(y) : null };
  });
}

export function outputPanel(element, source, state) {
  const canvas = el("canvas", { role: "img" }), over = svg("svg", { role: "group", "aria-label": "Observations" });
  const box = el("div", { class: "region" }, canvas, over), line = el("div"), empty = el("p", { class: "empty" });
  const legend = el("div", { class: "classes" }), scale = el("div", { class: "scale" }), rows = el("div", { class: "scroll" });
  const details = el("details", { class: "as-table", ontoggle: () => draw() }, el("summary", null, "Show as table"), rows);
  const unitBox = el("div", { class: "row" });
  refill(element, empty, box, line, legend, scale, unitBox, details);
  new ResizeObserver(() => draw()).observe(element);

  const draw = eachFrame(() => {
    const ready = Boolean(state.region && state.start), flat = ready && state.region.size[0] === 1;
    empty.hidden = ready;
    empty.textContent = state.regionWhy || (state.start ? "Waiting for the first numbers …" : "No training yet.");
    box.hidden = !ready || flat;
    line.hidden = !flat;
    details.hidden = !ready || flat;
    legend.hidden = !ready;
    scale.hidden = !ready || flat;
    if (!ready) return;
    const surface = surfaceOf(state);
    if (flat) drawCurve(surface);
    else drawRegion(surface);
    drawLegend(surface);
    drawUnit();
  });

  function drawRegion(surface) {
    const { region, start } = state, width = element.clientWidth, side = Math.min(width - LEFT - 6, 420);
    if (side <= 0) return; // not on the screen yet
    const frame = { left: LEFT, right: LEFT + side, top: 8, bottom: 8 + side }, [r, c] = region.size;
    const ratio = Math.min(2, devicePixelRatio || 1);
    canvas.width = canvas.height = Math.round(side * ratio);
    canvas.style.width = canvas.style.height = `${side}px`;
    paint(surface, r, c);
    const x = linear(region.x.low, region.x.high, frame.left, frame.right), y = linear(region.y.low, region.y.high, frame.bottom, frame.top);
    const names = [start.data.features[state.axes[0]].name, start.data.features[state.axes[1]].name];
    const toX = (j) => frame.left + ((j + 0.5) / c) * side, toY = (i) => frame.bottom - ((i + 0.5) / r) * side;
    const edge = boundaryOf(surface, region.size, toX, toY);
    over.setAttribute("viewBox", `0 0 ${width} ${side + 44}`);
    over.setAttribute("height", side + 44);
    over.setAttribute("width", width);
    const seen = pointsOf(state).filter((p) => p.x >= region.x.low && p.x <= region.x.high && p.y >= region.y.low && p.y <= region.y.high);
    const chosen = seen.find((p) => p.row === state.row);
    const rings = chosen ? ["point-ring out", "point-ring"].map((k) => svg("circle", { class: k, cx: x(chosen.x), cy: y(chosen.y), r: 10 })) : [];
    refill(over, axes(x, y, frame, { xLabel: shortened(names[0], side / 7), grid: false }), svg("text", { class: "name", transform: `translate(11 ${8 + side / 2}) rotate(-90)`, "text-anchor": "middle" }, shortened(names[1], side / 7)), edge && svg("path", { class: "boundary-out", d: edge }), edge && svg("path", { class: "boundary-in", d: edge }), rings, seen.map((p) => point(p, x, y, surface)));
    canvas.setAttribute("aria-label", `Prediction over ${names[0]} and ${names[1]}: ${seen.length} observations${edge ? ", with the boundary of the classes" : ""}. The numbers are in the table below.`);
    if (details.open) drawTable(surface, names);
  }

  function paint(surface, rows_, columns) {
    const n = rows_ * columns;
    if (surface.kind !== "classes") {
      const values = Float32Array.from({ length: n }, (_, k) => surface.at(Math.floor(k / columns), k % columns));
      return heatmap(canvas, { rows: rows_, columns, values }, surface);
    }
    const middle = middleColour();
    const values = Float32Array.from({ length: n }, (_, k) => k);
    const colour = (k) => {
      const p = surface.cell(Math.floor(k / columns), k % columns), best = classOf(p, "multiclass");
      return classColour(best, p[best], middle);
    };
    return heatmap(canvas, { rows: rows_, columns, values }, { colour, low: 0, high: 1 });
  }

  function point(p, x, y, surface) {
    const style = classStyle(p.cls ?? 0);
    const fill = p.cls === null ? `rgb(${cividis(p.target, surface.low, surface.high)})` : style.colour;
    const choose = () => state.set({ row: p.row });
    return svg("path", { class: "point", d: style.marker, fill, transform: `translate(${x(p.x).toFixed(1)} ${y(p.y).toFixed(1)}) scale(5)`, onclick: choose }, svg("title", null, `observation ${p.row + 1}, target ${brief(p.target)}`));
  }

  function drawCurve(surface) {
    const { region, start } = state, c = region.size[1];
    const xs = Array.from({ length: c }, (_, j) => region.x.low + ((j + 0.5) / c) * (region.x.high - region.x.low));
    const name = start.data.features[state.axes[0]].name;
    const lines = surface.kind === "classes" ? Array.from({ length: surface.several }, (_, k) => ({ name: classNames()[k] ?? `class ${k}`, kind: (k % 8) + 1, x: xs, y: xs.map((_x, j) => surface.cell(0, j)[k]) })) : [{ name: "prediction", x: xs, y: xs.map((_x, j) => surface.at(0, j)) }];
    lineChart(line, lines, { title: `Prediction by ${name}`, desc: `from ${brief(xs[0])} to ${brief(xs[c - 1])}`, xLabel: name, height: 260, points: pointsOf(state).map((p) => ({ x: p.x, y: p.target, marker: classStyle(p.cls ?? 0), row: p.row })) });
  }

  const classNames = () => state.start.data.classes ?? [];

  function drawLegend(surface) {
    const kinds = surface.kind === "binary" ? 2 : surface.kind === "classes" ? surface.several : 0;
    refill(legend, Array.from({ length: Math.min(kinds, 24) }, (_, k) => el("span", null, svg("svg", { viewBox: "-1.4 -1.4 2.8 2.8", "aria-hidden": "true" }, svg("path", { d: classStyle(k).marker, fill: classStyle(k).colour })), classNames()[k] ?? `class ${k}`)));
    if (surface.kind === "classes") return refill(scale);
    const strip = el("canvas", { width: 120, height: 1, "aria-hidden": "true" });
    heatmap(strip, { rows: 1, columns: 60, values: Float32Array.from({ length: 60 }, (_, k) => surface.low + ((surface.high - surface.low) * k) / 59) }, surface);
    return refill(scale, brief(surface.low), strip, brief(surface.high), el("span", null, surface.kind === "binary" ? "p of class 1; the line is p = 0.5" : "prediction"));
  }

  function drawUnit() {
    const { unit, start } = state, layer = unit && start.model.layers.find((l) => l.name === unit.layer);
    const seen = layer && unitPicture(state, layer, 1, unit.index);
    unitBox.hidden = !seen;
    if (seen) refill(unitBox, el("img", { src: seen, width: 96, height: 96, alt: `What unit ${unit.index + 1} of ${unit.layer} gives over the same two features` }), el("span", { class: "note" }, `Unit ${unit.index + 1} of ${unit.layer} over the same two features`));
  }

  function drawTable(surface, names) {
    const [r, c] = state.region.size, pick = (n) => [0, 1, 2, 3, 4].map((k) => Math.round((k * (n - 1)) / 4));
    const value = (i, j) => (surface.kind === "classes" ? String(classNames()[classOf(surface.cell(i, j), "multiclass")] ?? classOf(surface.cell(i, j), "multiclass")) : show(surface.at(i, j), 3));
    const at = (range, k, n) => brief(range.low + ((k + 0.5) / n) * (range.high - range.low), 3);
    table(rows, [`${names[1]} \\ ${names[0]}`, ...pick(c).map((j) => at(state.region.x, j, c))], pick(r).reverse().map((i) => [at(state.region.y, i, r), ...pick(c).map((j) => value(i, j))]), { caption: "Predictions at 25 places" });
  }

  state.on((changed) => {
    if (["start", "region", "regionWhy", "row", "unit", "theme"].some((n) => changed.has(n))) draw();
  });
  draw();
}
