/* Whether probabilities can be believed; of numbers, how far off the predictions are. */
import { axes, table } from "../charts.js";
import { el, refill, svg } from "../dom.js";
import { brief, count, extent } from "../numbers.js";
import { linear } from "../scales.js";
import { histogramPicture } from "./small.js";
import { viewTab } from "./view_tab.js";

export function create(element, source, state) {
  return viewTab(element, source, state, {
    view: "calibration", tasks: ["binary", "multiclass", "regression"], otherwise: "This view takes models with one output that predicts a class or a number.", about: "Of the observations given a probability of 70 %, some 70 % should turn out so. Of predicted numbers: what remains between target and prediction.",
    draw: (box, data) => (data.kind === "residuals" ? drawResiduals(box, data, element) : drawBins(box, data, element)),
  });
}

function frameOf(element, most) {
  const width = Math.min(element.clientWidth || most, most), height = Math.round(Math.min(360, width * 0.8));
  return { width, height, box: { left: 46, right: width - 12, top: 10, bottom: height - 34 } };
}

function picture({ width, height }, title, desc, ...children) {
  return svg("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}. ${desc}` }, children);
}

function drawBins(box, data, element) {
  const frame = frameOf(element, 460), { box: b } = frame, x = linear(0, 1, b.left, b.right), y = linear(0, 1, b.bottom, b.top), most = Math.max(...data.counts);
  const points = data.predicted.map((p, i) => svg("g", null,
    svg("line", { class: "whisker", x1: x(p), x2: x(p), y1: y(data.low[i]), y2: y(data.high[i]) }),
    svg("circle", { class: "bin", cx: x(p), cy: y(data.observed[i]), r: 3 + 5 * Math.sqrt(data.counts[i] / most) })));
  const line = svg("path", { class: "line line-1", d: `M${data.predicted.map((p, i) => `${x(p).toFixed(1)} ${y(data.observed[i]).toFixed(1)}`).join("L")}` });
  const perfect = svg("path", { class: "perfect", d: `M${x(0)} ${y(0)}L${x(1)} ${y(1)}` });
  const words = `Probability of ${/^the /.test(data.class) ? data.class : `class ${data.class}`}. Brier score ${brief(data.brier, 3)}, expected calibration error ${brief(data.ece, 3)}. The dashed line is perfect; whiskers hold 95 %.`;
  const rows = el("div", { class: "scroll" });
  table(rows, ["predicted", "observed", "95 % from", "to", "observations"], data.predicted.map((p, i) => [brief(p, 3), brief(data.observed[i], 3), brief(data.low[i], 3), brief(data.high[i], 3), count(data.counts[i])]));
  refill(box, el("div", { class: "half" }, picture(frame, "Calibration curve", words, axes(x, y, b, { xLabel: "predicted", yLabel: "observed share" }), perfect, line, points)), el("div", { class: "beside" }, el("p", { class: "note" }, words), el("details", { class: "as-table", open: true }, el("summary", null, "Show as table"), rows)));
}

function drawResiduals(box, data, element) {
  const frame = frameOf(element, 460), { box: b } = frame, [x0, x1] = extent(data.predicted), most = Math.max(1e-12, ...data.residuals.map(Math.abs));
  const x = linear(x0, x1 === x0 ? x0 + 1 : x1, b.left, b.right), y = linear(-most, most, b.bottom, b.top);
  const dots = data.predicted.map((p, i) => svg("circle", { class: "residual", cx: x(p).toFixed(1), cy: y(data.residuals[i]).toFixed(1), r: 3 }));
  const words = `Root mean squared error ${brief(data.rmse, 3)}, mean absolute error ${brief(data.mae, 3)}, R² ${brief(data.r2, 3)}, mean of what remains ${brief(data.bias, 2)}.`;
  const rows = el("div", { class: "scroll" });
  table(rows, ["prediction", "target − prediction"], data.predicted.slice(0, 200).map((p, i) => [brief(p, 4), brief(data.residuals[i], 4)]));
  refill(box, el("div", { class: "split even" }, el("div", { class: "half" }, picture(frame, "Residuals by prediction", words, axes(x, y, b, { xLabel: "prediction", yLabel: "target − prediction" }), svg("line", { class: "perfect", x1: b.left, x2: b.right, y1: y(0), y2: y(0) }), dots)), el("div", { class: "half" }, el("p", { class: "note" }, "How often each difference occurs"), histogramPicture(data, "Differences between target and prediction"), el("p", { class: "note" }, words), el("details", { class: "as-table" }, el("summary", null, "Show as table"), rows))));
}
