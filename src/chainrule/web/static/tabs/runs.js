/* The losses of several trainings together: those of this page since it was opened, and those the source knows of. */
import { lineChart, table } from "../charts.js";
import { el, refill, select, toggle } from "../dom.js";
import { brief, count } from "../numbers.js";

const MOST = 8;

export function create(element, source, state) {
  const view = { metric: "loss", log: false, given: null, damaged: [], mine: [], current: null };
  const bar = el("div", { class: "row" }), chart = el("div"), rows = el("div", { class: "scroll" }), empty = el("p", { class: "empty" }, source.live ? "One training so far. Change a setting and start again: its curve will be drawn beside this one." : "This file holds one training.");
  const damaged = el("div");
  refill(element, el("div", { class: "row spread" }, el("p", { class: "note about" }, "Curves of this training and of those before it, over epochs."), bar), chart, rows, empty, damaged);
  source.view("runs", {}).then((found) => {
    view.given = found.runs;
    const bad = found.damaged ?? [];
    refill(damaged, bad.length ? el("p", { class: "note" }, "Damaged, and left out:") : null, bad.length ? el("ul", { class: "note" }, bad.map((run) => el("li", null, el("strong", null, run.name), ` ${run.why}`))) : null);
    draw();
  }, () => { view.given = []; });

  /** Keeps the curves of the training that goes on; a new start makes it one of the past. */
  function keep() {
    const first = view.current?.epochs[0];
    if (first && state.epochs[0] !== first) {
      if (view.current.epochs.length > 1) view.mine.push(view.current);
      view.mine = view.mine.slice(-MOST);
      view.current = null;
    }
    view.current ??= { name: `this one${view.mine.length ? `, start ${view.mine.length + 1}` : ""}` };
    Object.assign(view.current, { epochs: state.epochs, settings: settingsOf(state) });
  }

  function draw() {
    const past = view.mine.map((r, i) => ({ ...r, name: `start ${i + 1}` })), all = [...(view.given ?? []), ...past, ...(view.current ? [view.current] : [])].filter((r) => r.epochs.length).slice(-MOST);
    const metrics = [...new Set(all.flatMap((r) => Object.keys(r.epochs[r.epochs.length - 1].logs)))].filter((n) => n !== "learning_rate");
    if (!metrics.includes(view.metric)) view.metric = metrics[0] ?? "loss";
    drawBar(metrics);
    empty.hidden = all.length > 1;
    chart.hidden = !all.length;
    const series = all.map((r, i) => ({ name: r.name, kind: (i % 8) + 1, dash: i >= 4, x: r.epochs.map((e) => e.epoch + 1), y: r.epochs.map((e) => Number(e.logs[view.metric] ?? NaN)) }));
    if (all.length) lineChart(chart, series, { title: `${view.metric} of ${all.length} trainings`, desc: series.map((s) => `${s.name}: ${brief(s.y[s.y.length - 1])} after epoch ${s.x[s.x.length - 1]}`).join("; "), xLabel: "epoch", log: view.log, height: 260 });
    const last = (r) => r.epochs[r.epochs.length - 1];
    table(rows, ["training", "epochs", `last ${view.metric}`, "best", "settings"], all.map((r) => [r.name, count(last(r).epoch + 1), brief(Number(last(r).logs[view.metric] ?? NaN)), brief(bestOf(r, view.metric)), r.settings ?? ""]));
  }

  function drawBar(metrics) {
    const key = `${metrics} ${view.metric} ${view.log}`;
    if (bar.dataset.key === key) return;
    bar.dataset.key = key;
    refill(bar, metrics.length > 1 ? select("Curve", metrics.map((m) => [m, m.replaceAll("_", " ")]), view.metric, (v) => { view.metric = v; draw(); }) : null, toggle("log scale", view.log, () => { view.log = !view.log; draw(); }));
  }

  return {
    update() {
      keep();
      draw();
    },
  };
}

/** The best value of a metric: the largest of accuracies and the like, else the smallest. */
function bestOf({ epochs }, metric) {
  const values = epochs.map((e) => Number(e.logs[metric] ?? NaN)).filter(Number.isFinite);
  if (!values.length) return NaN;
  return /acc|auc|precision|recall|f1|r2/.test(metric) ? Math.max(...values) : Math.min(...values);
}

function settingsOf(state) {
  const given = state.status?.settings ?? {}, training = state.start.training ?? {}, o = training.optimizer ?? {};
  const rate = given.learning_rate ?? state.frame?.learning_rate ?? o.learning_rate;
  return [given.optimizer ?? o.name, rate === null || rate === undefined ? "" : `η ${brief(rate)}`, `batch ${given.batch_size ?? training.batch_size ?? "?"}`].filter(Boolean).join(", ");
}
