/* The data: which features lie on the axes of the output, where the others stand, and the observations. */
import { el, refill, select } from "./dom.js";
import { eachFrame } from "./pace.js";
import { featureSliders } from "./sliders.js";
import { count } from "./numbers.js";
import { rowsTable } from "./rows.js";

const LONG = 40; // a list of more choices can be searched

/** A choice of one feature: a plain list, or a field with suggestions where there are many. */
function featureChoice(label, features, value, onchange) {
  if (features.length <= LONG) return select(label, features.map((f, i) => [i, f.name]), value, (v) => onchange(Number(v)));
  const id = `features-${label.replace(/\W/g, "")}`;
  const input = el("input", { list: id, value: features[value]?.name ?? "", placeholder: "type to search", onchange: () => {
    const found = features.findIndex((f) => f.name === input.value);
    if (found >= 0) onchange(found);
    else input.value = features[value]?.name ?? "";
  } });
  return el("div", null, el("label", { class: "field wide" }, el("span", null, label), input), el("datalist", { id }, features.map((f) => el("option", { value: f.name }))));
}

export function dataPanel(element, source, state) {
  const choices = el("div", { class: "row axes-choice" }), sliders = el("div"), rows = el("div", { class: "rows-box" }), summary = el("p", { class: "note" });
  refill(element, summary, choices, sliders, rows);
  const drawSliders = featureSliders(sliders, state);
  const drawRows = rowsTable(rows, source, state);

  function setAxis(axis, feature) {
    const axes = [...state.axes];
    if (axes[1 - axis] === feature) axes[1 - axis] = axes[axis]; // the two change places
    axes[axis] = feature;
    state.set({ axes });
  }

  const draw = eachFrame(() => {
    const features = state.start?.data?.features ?? [];
    summary.textContent = state.start ? `${count(state.start.data.rows)} observations, ${features.length} feature${features.length === 1 ? "" : "s"}, target: ${state.start.data.target ?? "y"}` : "";
    choices.hidden = features.length < 3;
    if (!choices.hidden) refill(choices, featureChoice("x-axis", features, state.axes[0], (i) => setAxis(0, i)), featureChoice("y-axis", features, state.axes[1], (i) => setAxis(1, i)));
    drawSliders();
  });
  state.on((changed) => {
    if (changed.has("start") || changed.has("axes")) draw();
    if (["start", "frame", "row", "status"].some((n) => changed.has(n))) drawRows();
  });
}
