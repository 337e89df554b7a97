/* How much worse the model gets when a feature is shuffled. */
import { bars } from "../charts.js";
import { el, refill } from "../dom.js";
import { brief } from "../numbers.js";
import { viewTab } from "./view_tab.js";

const NAMES = { accuracy: "accuracy", r2: "R²" };

export function create(element, source, state) {
  return viewTab(element, source, state, { view: "importance", tasks: ["binary", "multiclass", "regression"], otherwise: "This view takes models with one output that predicts a class or a number.", about: "Each feature in turn is shuffled among the observations; the bar is how much the score falls, with its spread. Two features that say the same can each seem unimportant.", draw });
}

function draw(box, { items, score, before, repeats, features }) {
  const chart = box.querySelector(".chart-box") ?? el("div", { class: "chart-box half" }), name = NAMES[score] ?? score;
  if (!chart.isConnected) refill(box, chart, el("p", { class: "note score beside" }));
  const words = items.map((i) => `${i.name} ${brief(i.mean, 3)}`).join(", ");
  bars(chart, items.map((i) => ({ label: i.name, value: i.mean, error: i.spread, kind: i.mean < 0 ? 2 : 1 })), { title: `Fall of ${name} when a feature is shuffled`, desc: words, valueLabel: `fall of ${name}`, format: (v) => brief(v, 3) });
  box.querySelector(".score").textContent = `${name} with nothing shuffled: ${brief(before, 3)}; each feature shuffled ${repeats} times.${features > items.length ? ` The ${items.length} most important of ${features} features.` : ""}`;
}
