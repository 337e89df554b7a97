/* The loss, while training goes on: a point per frame, and the validation's per epoch. */
import { lineChart } from "./charts.js";
import { el, refill, select, toggle } from "./dom.js";
import { brief, number } from "./numbers.js";
import { eachFrame } from "./pace.js";

const group = (name) => name.replace(/^val_/, "");

export function lossPanel(element, _source, state) {
  const view = { metric: "loss", log: false };
  const chart = el("div"), bar = el("div", { class: "row low" });
  const empty = el("p", { class: "empty" }, "No step yet.");
  refill(element, bar, chart, empty);

  const names = () => [...new Set([...state.epochs, ...state.losses].slice(-1).concat(state.epochs.slice(-1)).flatMap((p) => Object.keys(p.logs)).map(group))].filter((n) => n !== "learning_rate");

  function drawBar() {
    const choices = names().map((n) => [n, n.replaceAll("_", " ")]);
    const key = choices.join() + view.metric + view.log;
    if (bar.dataset.key === key) return;
    bar.dataset.key = key;
    const log = toggle("log scale", view.log, () => { view.log = !view.log; draw(); });
    refill(bar, choices.length > 1 ? select("Curve", choices, view.metric, (v) => { view.metric = v; draw(); }) : null, log);
  }

  function seriesOf() {
    const training = state.losses.length > state.epochs.length ? state.losses : state.epochs;
    const line = (points, key, name, kind, dash) => {
      const given = points.filter((p) => key in p.logs);
      return { name, kind, dash, x: given.map((p) => p.step), y: given.map((p) => number(p.logs[key])) };
    };
    return [line(training, view.metric, "training", 1, false), line(state.epochs, `val_${view.metric}`, "validation", 2, true)].filter((s) => s.x.length);
  }

  const draw = eachFrame(() => {
    drawBar();
    const series = seriesOf();
    chart.hidden = bar.hidden = !series.length;
    empty.hidden = series.length > 0;
    const last = series.map((s) => `${s.name} ${brief(s.y[s.y.length - 1])} at step ${s.x[s.x.length - 1]}`).join(", ");
    if (series.length) lineChart(chart, series, { title: `${view.metric} by step`, desc: last, xLabel: "step", log: view.log });
  });

  state.on((changed) => {
    if (["losses", "epochs", "start"].some((n) => changed.has(n))) draw();
  });
}
