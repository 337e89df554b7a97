/* The inputs of the chosen observation, to be changed by hand where the source allows it: what if x were different? */
import { el, refill } from "./dom.js";
import { brief, row } from "./numbers.js";
import { eachFrame } from "./pace.js";
import { send } from "./send.js";

const MOST = 24;

export function inputsEditor(element, source, state) {
  if (!source.changesInputs) return;
  const fields = el("div", { class: "row" }), box = el("details", { class: "inputs" }, el("summary", null, "What if the inputs were different?"), fields, el("p", { class: "note" }, "Changed here, outputs and derivation follow; Back undoes it."));
  element.append(box);

  function change(feature, input) {
    if (input.value !== "" && input.checkValidity()) send(source, state, { do: "input", row: state.row, feature, value: Number(input.value) });
  }

  function build(features) {
    const inputs = features.slice(0, MOST).map((feature, i) => {
      const input = el("input", { type: "number", step: "any", class: "numeric wider", onchange: () => change(i, input) });
      return el("label", { class: "field" }, el("span", { title: feature.name }, feature.name), input);
    });
    refill(fields, inputs);
    fields.dataset.count = String(inputs.length);
  }

  const draw = eachFrame(() => {
    const { start } = state, probe = start?.probe, at = probe?.rows.indexOf(state.row) ?? -1;
    box.hidden = at < 0 || probe.x.shape.length !== 2;
    if (box.hidden) return;
    if (fields.dataset.count !== String(Math.min(MOST, start.data.features.length))) build(start.data.features);
    const values = row(probe.x, at);
    fields.querySelectorAll("input").forEach((input, i) => { if (document.activeElement !== input) input.value = brief(values[i], 7).replace("−", "-"); });
  });
  state.on((changed) => { if (["start", "row", "frame"].some((n) => changed.has(n))) draw(); });
}
