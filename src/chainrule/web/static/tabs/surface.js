/* The loss over two directions through the weights, with the way that training took. */
import { axes, heatmap, table } from "../charts.js";
import { cividis } from "../colours.js";
import { contour } from "../contour.js";
import { el, refill, select, svg } from "../dom.js";
import { brief, decode, extent } from "../numbers.js";
import { linear } from "../scales.js";
import { viewTab } from "./view_tab.js";

const LEVELS = 9, MOST_WEIGHTS = 200;
const PATH = "path";

export function create(element, source, state) {
  const choice = { first: PATH, second: "" }, pickers = el("div", { class: "row" });
  const canvas = el("canvas", { role: "img" }), over = svg("svg", { role: "img" }), box = el("div", { class: "surface" }, canvas, over);
  const legend = el("div", { class: "scale" }), rows = el("div", { class: "scroll" }), words = el("p", { class: "note" });
  const details = el("details", { class: "as-table", ontoggle: () => last && draw(null, last) }, el("summary", null, "Show as table"), rows);
  let last = null;
  const tab = viewTab(element, source, state, {
    view: "surface", about: "How the loss changes when the weights move from where they are now along two directions, and nothing else moves. The line is the way training took; the ring is where it is now.",
    bar: [pickers], parameters: () => (choice.first === PATH ? {} : choice), draw: (into, data) => { refill(into, box, el("div", { class: "beside" }, legend, words, details)); last = data; draw(into, data); },
  });
  new ResizeObserver(() => { if (last && !element.hidden) draw(null, last); }).observe(element);

  function choose(changes) {
    Object.assign(choice, changes);
    drawPickers();
    tab.again();
  }

  function drawPickers() {
    const names = weightNames(state.start);
    if (choice.first !== PATH && !names.includes(choice.first)) choice.first = PATH;
    const pairs = names.map((n) => [n, n]), others = names.filter((n) => n !== choice.first).map((n) => [n, n]);
    if (choice.first !== PATH && !others.some(([n]) => n === choice.second)) choice.second = others[0]?.[0] ?? "";
    const first = select("Across", [[PATH, "where the path extends furthest"], ...(names.length > 1 ? pairs : [])], choice.first, (v) => choose({ first: v }));
    refill(pickers, first, choice.first === PATH ? null : select("Up", others, choice.second, (v) => choose({ second: v })));
    pickers.dataset.of = state.start.run?.started ?? "";
  }

  function draw(_, data) {
    if (element.clientWidth < 100) return; // not on the screen yet
    const values = decode(data.loss).data, columns = data.x.length, count = data.y.length;
    const finite = Array.from(values).filter(Number.isFinite), [low, high] = scaleOf(finite);
    const logs = Float32Array.from(values, (v) => Math.log(Math.max(v - low.zero, low.least)));
    const width = Math.min(element.clientWidth, 640), height = Math.round(Math.min(440, width * 0.72));
    const frame = { left: 52, right: width - 14, top: 10, bottom: height - 34 }, across = frame.right - frame.left, down = frame.bottom - frame.top;
    const ratio = Math.min(2, devicePixelRatio || 1);
    Object.assign(canvas, { width: Math.round(across * ratio), height: Math.round(down * ratio) });
    Object.assign(canvas.style, { width: `${across}px`, height: `${down}px`, left: `${frame.left}px`, top: `${frame.top}px` });
    heatmap(canvas, { rows: count, columns, values: logs }, { colour: cividis, low: high.low, high: high.high, smooth: true });
    const x = linear(data.x[0], data.x[columns - 1], frame.left, frame.right), y = linear(data.y[0], data.y[count - 1], frame.bottom, frame.top);
    const toX = (j) => frame.left + (j / (columns - 1)) * across, toY = (i) => frame.bottom - (i / (count - 1)) * down;
    const levels = Array.from({ length: LEVELS }, (_, k) => high.low + ((k + 1) / (LEVELS + 1)) * (high.high - high.low));
    const lines = levels.map((level) => svg("path", { class: "level", d: contour({ rows: count, columns, at: (i, j) => logs[i * columns + j] }, level, toX, toY) }));
    over.setAttribute("viewBox", `0 0 ${width} ${height}`);
    over.setAttribute("width", width);
    over.setAttribute("height", height);
    const label = sentence(data, finite);
    refill(over, svg("title", null, "Loss surface"), svg("desc", null, label), lines, wayOf(data.path, x, y), axes(x, y, frame, { xLabel: shortName(data.names[0]), grid: false }), svg("text", { class: "name", transform: `translate(11 ${(frame.top + frame.bottom) / 2}) rotate(-90)`, "text-anchor": "middle" }, shortName(data.names[1])));
    canvas.setAttribute("aria-label", label);
    words.textContent = label;
    drawLegend(high, low);
    if (details.open) drawTable(data, values, columns, count);
  }

  function drawLegend({ low, high }, { zero }) {
    const strip = el("canvas", { width: 160, height: 1, "aria-hidden": "true" });
    heatmap(strip, { rows: 1, columns: 80, values: Float32Array.from({ length: 80 }, (_, k) => k) }, { colour: cividis, low: 0, high: 79 });
    refill(legend, `loss ${brief(Math.exp(low) + zero, 2)}`, strip, `${brief(Math.exp(high) + zero, 2)} (log scale)`);
  }

  function drawTable(data, values, columns, count) {
    const pick = (n) => [0, 1, 2, 3, 4].map((k) => Math.round((k * (n - 1)) / 4));
    table(rows, [`${shortName(data.names[1])} \\ ${shortName(data.names[0])}`, ...pick(columns).map((j) => brief(data.x[j], 3))], pick(count).reverse().map((i) => [brief(data.y[i], 3), ...pick(columns).map((j) => brief(values[i * columns + j], 3))]), { caption: "Loss at 25 places" });
  }

  return {
    update() {
      if (pickers.dataset.of !== (state.start.run?.started ?? "")) drawPickers();
      tab.update();
    },
  };
}

/** Where the colours begin and end: logarithms of the loss above its lowest value. */
function scaleOf(finite) {
  const [least, most] = extent(finite), zero = least > 0 ? 0 : least, smallest = Math.max(least - zero, 1e-6 * (most - zero), 1e-12);
  return [{ zero, least: smallest }, { low: Math.log(smallest), high: Math.log(Math.max(most - zero, smallest * 1.0001)) }];
}

function wayOf({ x: xs, y: ys }, x, y) {
  const places = xs.map((a, i) => `${x(a).toFixed(1)} ${y(ys[i]).toFixed(1)}`), end = places.length - 1;
  const dots = xs.length <= 60 ? xs.map((a, i) => svg("circle", { class: "step", cx: x(a), cy: y(ys[i]), r: 2.2 })) : [];
  const at = (i) => ({ cx: x(xs[i]), cy: y(ys[i]) });
  return svg("g", null, svg("path", { class: "way-out", d: `M${places.join("L")}` }), svg("path", { class: "way", d: `M${places.join("L")}` }), dots,
    svg("rect", { class: "begin", x: at(0).cx - 4.5, y: at(0).cy - 4.5, width: 9, height: 9 }), svg("circle", { class: "now-out", ...at(end), r: 7 }), svg("circle", { class: "now", ...at(end), r: 7 }));
}

function sentence(data, finite) {
  const [least, most] = extent(finite), shares = data.shares?.filter((s) => s > 0.0005).map(shareText), points = data.path.x.length;
  const shown = shares?.length ? ` The two directions hold ${shares.join(" and ")} of the path's spread.` : "";
  return `The loss goes from ${brief(least, 3)} to ${brief(most, 3)} here. ${points > 1 ? `The square is where the path of ${points} points began.` : "The path has one point so far."}${shown}`;
}

/** A share in per cent; those that are nearly nothing or nearly all are never rounded to that. */
function shareText(share) {
  if (share < 0.01) return "less than 1 %";
  return share > 0.99 && share < 0.9995 ? "more than 99 %" : `${Math.round(100 * share)} %`;
}

function weightNames(start) {
  const names = [];
  for (const { path, shape } of start.model.layers.flatMap((layer) => layer.weights ?? [])) {
    if (/moving_|seed/.test(path)) continue;
    const size = shape.reduce((a, b) => a * b, 1);
    if (names.length + size > MOST_WEIGHTS) break;
    for (let at = 0; at < size; at += 1) names.push(`${path}[${indexOf(shape, at).join(",")}]`);
  }
  return names;
}

function indexOf(shape, at) {
  const index = [];
  let rest = at;
  for (const n of shape.toReversed()) {
    index.unshift(rest % n);
    rest = Math.floor(rest / n);
  }
  return index;
}

function shortName(name) {
  return name.split("/").slice(-2).join("/");
}
