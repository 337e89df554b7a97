/* One weight: chosen by layer and place, with its number, which can be changed here. */
import { el, refill } from "./dom.js";
import { brief, show } from "./numbers.js";
import { eachFrame } from "./pace.js";
import { send } from "./send.js";
import { numberOf, parseWeight, variables, weightName } from "./weights.js";

const AXES = [["unit"], ["from", "to"]];

export function picker(element, source, state) {
  const box = el("select", { id: "weight-variable", onchange: () => choose(box.value, []) });
  const places = el("span", { class: "row" }), gradient = el("span", { class: "note chosen-weight" });
  const value = el("input", { type: "number", step: "any", class: "numeric wider", id: "weight-value", onchange: () => edit() });
  refill(element, el("div", { class: "row picker" }, el("label", { class: "field" }, el("span", null, "Weight"), box), places, el("label", { class: "field" }, el("span", null, "Value"), value), gradient));

  function choose(path, index) {
    const variable = variables(state.start).find((v) => v.path === path);
    if (variable) state.set({ weight: weightName(path, variable.shape.map((n, axis) => Math.min(n - 1, index[axis] ?? 0))), unit: null });
  }

  async function edit() {
    const weight = parseWeight(state.weight);
    if (weight && value.value !== "" && value.checkValidity()) await send(source, state, { do: "edit", path: weight.path, index: weight.index, value: Number(value.value) });
    value.blur();
    draw();
  }

  /** Fields for the place of a weight within its array, counted from 1 as in formulas. */
  function drawPlaces(variable, weight) {
    if (places.dataset.path !== variable.path) {
      places.dataset.path = variable.path;
      refill(places, variable.shape.map((n, axis) => {
        const label = AXES[variable.shape.length - 1]?.[axis] ?? `axis ${axis + 1}`;
        const input = el("input", { type: "number", min: 1, max: n, step: 1, class: "numeric", onchange: () => {
          const now = parseWeight(state.weight), index = [...now.index];
          if (input.value !== "" && input.checkValidity()) index[axis] = Number(input.value) - 1;
          choose(now.path, index);
          draw();
        } });
        return el("label", { class: "field" }, el("span", null, `${label} (1–${n})`), input);
      }));
    }
    places.querySelectorAll("input").forEach((input, axis) => { if (document.activeElement !== input) input.value = String(weight.index[axis] + 1); });
  }

  const draw = eachFrame(() => {
    const all = variables(state.start), weight = parseWeight(state.weight), variable = weight && all.find((v) => v.path === weight.path);
    element.hidden = !variable;
    if (!variable) return;
    if (box.dataset.key !== all.map((v) => v.path).join()) {
      box.dataset.key = all.map((v) => v.path).join();
      refill(box, all.map((v) => el("option", { value: v.path }, v.path)));
    }
    box.value = weight.path;
    drawPlaces(variable, weight);
    const number = numberOf(state, state.weight), g = numberOf(state, state.weight, "gradients");
    if (document.activeElement !== value) value.value = Number.isFinite(number) ? brief(number, 7).replace("−", "-") : "";
    value.placeholder = number === undefined ? "" : show(number);
    value.disabled = ["finished", "stopped"].includes(state.status?.state) && source.live;
    gradient.textContent = g === undefined ? "" : `mean gradient ${show(g, 4)}`;
  });
  state.on((changed) => { if (["start", "frame", "weight", "status"].some((n) => changed.has(n))) draw(); });
}
