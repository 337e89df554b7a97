/* Small pictures for many variables side by side. */
import { heatmap } from "../charts.js";
import { diverging, middleColour } from "../colours.js";
import { el, svg } from "../dom.js";
import { brief, decode } from "../numbers.js";

/** A histogram as a strip of bars with its range below and a line at 0. */
export function histogramPicture({ edges, counts, not_finite }, label) {
  const most = Math.max(1, ...counts), width = 200, height = 56, n = counts.length;
  const low = edges[0], high = edges[n], zero = low < 0 && high > 0 ? (-low / (high - low)) * width : null;
  const bars = counts.map((c, i) => svg("rect", { class: `bar line-${edges[i] + edges[i + 1] < 0 ? 2 : 1}`, x: (i * width) / n, width: width / n - 0.6, y: height - (c / most) * height, height: (c / most) * height }));
  const words = `${label}: from ${brief(low, 3)} to ${brief(high, 3)}${not_finite ? `, ${not_finite} are no numbers` : ""}`;
  return el("div", { class: "histogram" },
    svg("svg", { viewBox: `0 0 ${width} ${height + 1}`, role: "img", "aria-label": words, preserveAspectRatio: "none" }, svg("line", { class: "base", x1: 0, x2: width, y1: height + 0.5, y2: height + 0.5 }), bars, zero === null ? null : svg("line", { class: "zero", x1: zero, x2: zero, y1: 0, y2: height })),
    el("div", { class: "ends" }, el("span", null, brief(low, 2)), not_finite ? el("span", { class: "wrong-mark" }, `${not_finite} not finite`) : null, el("span", null, brief(high, 2))));
}

/** A matrix of weights in colours, blue above and vermillion below zero. */
export function matrixPicture(given, label) {
  const { rows, columns } = given, values = ArrayBuffer.isView(given.values) ? given.values : decode(given.values).data;
  const most = values.reduce((a, v) => (Number.isFinite(v) ? Math.max(a, Math.abs(v)) : a), 1e-12);
  const canvas = el("canvas", { role: "img", class: "matrix", width: Math.max(1, columns) * 8, height: Math.max(1, rows) * 8 });
  heatmap(canvas, { rows, columns, values }, { colour: diverging(middleColour()), low: -most, high: most, smooth: false, down: true, label });
  return canvas;
}
