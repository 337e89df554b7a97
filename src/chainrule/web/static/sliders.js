/* Where the features stand that are on neither axis: at the data's median or most frequent value, or where they are moved. */
import { el, refill } from "./dom.js";
import { brief, number } from "./numbers.js";
import { standing } from "./region.js";

const SHOWN = 6; // sliders before one has to search

function slider(feature, i, state) {
  const value = standing(state, i), output = el("output", null, brief(value));
  const move = (v) => {
    output.textContent = brief(v);
    state.set({ fixed: { ...state.fixed, [i]: Number(v) } });
  };
  const [low, high] = [number(feature.min), number(feature.max)];
  if (feature.kind === "boolean" || feature.choices) {
    const choices = feature.choices ?? ["0", "1"];
    const box = el("select", { onchange: () => move(box.value) }, choices.map((text, v) => el("option", { value: v, selected: v === Math.round(value) }, text)));
    return el("label", { class: "slider" }, el("span", { title: feature.name }, feature.name), box);
  }
  const input = el("input", { type: "range", min: low, max: high, step: (high - low) / 200 || 1, oninput: () => move(input.value) });
  input.value = String(value);
  return el("label", { class: "slider" }, el("span", { title: feature.name }, feature.name), output, input);
}

/** Returns a function that draws the sliders anew. */
export function featureSliders(element, state) {
  let wanted = "";
  const list = el("div", { class: "sliders" }), title = el("p", { class: "note" });
  const search = el("input", { type: "search", placeholder: "search features", "aria-label": "Search features", oninput: () => { wanted = search.value.toLowerCase(); draw(); } });
  const back = el("button", { type: "button", class: "plain", onclick: () => { state.set({ fixed: {} }); draw(); } }, "all to the median");
  refill(element, el("div", { class: "row spread" }, title, back), search, list);

  function draw() {
    const features = state.start?.data?.features ?? [];
    const others = features.map((f, i) => [f, i]).filter(([, i]) => !state.axes.includes(i));
    element.hidden = !others.length;
    if (element.hidden) return;
    const found = others.filter(([f]) => f.name.toLowerCase().includes(wanted));
    search.hidden = others.length <= SHOWN;
    title.textContent = found.length > SHOWN ? `Others, ${SHOWN} of ${found.length}:` : "Others:";
    refill(list, found.slice(0, SHOWN).map(([f, i]) => slider(f, i, state)));
  }
  return draw;
}
