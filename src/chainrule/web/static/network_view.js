/*
 * The network with its true weights: width is the size of a number, colour and dashes its sign. Units show what they
 * make of the two features on the axes. Everything can be chosen by mouse and by keyboard.
 */
import { columnsOf, placed } from "./columns.js";
import { drawBlocks } from "./blocks.js";
import { el, refill, svg, toggle } from "./dom.js";
import { eachFrame } from "./pace.js";
import { onTreeKey } from "./tree.js";
import { brief, fixed, show } from "./numbers.js";
import { picker } from "./picker.js";
import { unitPicture } from "./pictures.js";
import { parseWeight, weightName } from "./weights.js";
import { shortened } from "./charts.js";

const MODES = [["weights", "Weights"], ["gradients", "Gradients"], ["activations", "Activations"]];
const LABELLED = 12; // edges between two layers that get their numbers written on

export function networkPanel(element, source, state) {
  const view = { columns: [], edges: [], units: [], place: null };
  const modes = el("div", { class: "joined", role: "group", "aria-label": "What the network shows" });
  const buttons = MODES.map(([mode, text]) => toggle(text, false, () => state.set({ mode })));
  buttons.forEach((b) => { b.className = ""; });
  const note = el("span", { class: "note" }), box = el("div", { class: "net-box" }), tools = el("div");
  refill(modes, buttons);
  refill(element, el("div", { class: "row spread" }, modes, note), box, tools);
  picker(tools, source, state);

  const picture = svg("svg", { class: "net", role: "tree", "aria-label": "Network" });
  picture.addEventListener("keydown", (event) => onTreeKey(event, view, state));
  refill(box, picture);
  new ResizeObserver(() => build()).observe(box);

  const chooseUnit = (column, unit) => state.set({ unit: { layer: column.name, index: unit }, ...(column.bias ? { weight: weightName(column.bias, [unit]) } : {}) });

  function build() {
    if (!state.start || !box.clientWidth) return;
    view.columns = columnsOf(state.start);
    view.place = placed(view.columns, box.clientWidth);
    const { width, height } = view.place;
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    Object.assign(view, { edges: [], units: [], blocks: [] });
    const lines = svg("g", { "aria-hidden": "true" }), labels = svg("g", { "aria-hidden": "true" });
    view.columns.forEach((column, c) => { if (c > 0 && column.linked) edgesTo(column, c, lines, labels); });
    refill(picture, view.columns.map(heading), lines, drawBlocks(view, state), view.columns.map(unitsOf), labels);
    refresh();
  }

  function heading(column, c) {
    const { gap, width, columns } = view.place, { x } = columns[c], room = Math.min(Math.max(46, gap - 8), 2 * x, 2 * (width - x)) / 6.6;
    const detail = [c === 0 ? "" : `${column.units}`, column.activation && column.activation !== "linear" ? column.activation : "", ...column.after.map((n) => `→ ${n}`)].filter(Boolean).join(", ");
    return svg("g", { "aria-hidden": "true" }, svg("text", { class: "head", x, y: 14, "text-anchor": "middle" }, shortened(column.title, room), svg("title", null, column.title)), svg("text", { class: "sub", x, y: 30, "text-anchor": "middle" }, shortened(detail, room), svg("title", null, detail)));
  }

  function edgesTo(column, c, lines, labels) {
    const before = view.columns[c - 1];
    if (before.block || column.block) return;
    const { columns, size } = view.place, [x0, x1] = [columns[c - 1].x + size / 2, columns[c].x - size / 2];
    const labelled = before.units * column.units <= LABELLED && x1 - x0 > 110;
    for (let i = 0; i < before.units; i += 1) {
      for (let j = 0; j < column.units; j += 1) {
        const name = weightName(column.kernel, [i, j]), [y0, y1] = [columns[c - 1].ys[i], columns[c].ys[j]], d = `M${x0} ${y0}L${x1} ${y1}`;
        const line = svg("path", { class: "weight", d }), hit = svg("path", { class: "hit", d, onclick: () => state.set({ weight: name, unit: null }) }, svg("title", null, name));
        const halo = svg("path", { class: "halo", d }), label = svg("text", { class: "on", "text-anchor": "middle" });
        view.edges.push({ name, line, hit, halo, label, labelled, x0, y0, x1, y1 });
        lines.append(svg("g", null, halo, hit, line));
        labels.append(label);
      }
    }
  }

  function unitsOf(column, c) {
    if (column.block) return null;
    const { size, pitch } = view.place, { x, ys } = view.place.columns[c];
    const items = ys.map((y, unit) => {
      const image = svg("image", { x: x - size / 2 + 1, y: y - size / 2 + 1, width: size - 2, height: size - 2, preserveAspectRatio: "none" });
      const bias = column.bias && svg("circle", { class: "bias", cx: x - size / 2, cy: y + size / 2, r: 5.5, onclick: (event) => { event.stopPropagation(); chooseUnit(column, unit); } }, svg("title", null, weightName(column.bias, [unit])));
      const biasText = column.bias && pitch >= 62 ? svg("text", { class: "on", x: x - size / 2 + 9, y: y + size / 2 + 13 }) : null;
      const text = svg("text", { class: "in-unit", x, y: y + 4, "text-anchor": "middle" });
      const name = c === 0 ? svg("text", { x: x - size / 2 - 7, y: y + 4, "text-anchor": "end" }, shortened(column.names[unit], (view.place.columns[0].x - size / 2 - 8) / 7.2), svg("title", null, column.names[unit])) : null;
      const node = svg("g", { class: "unit", role: "treeitem", tabindex: view.units.length ? -1 : 0, "data-column": c, "data-unit": unit, onclick: () => chooseUnit(column, unit) },
        svg("rect", { class: "box", x: x - size / 2, y: y - size / 2, width: size, height: size, rx: 6 }), image, svg("rect", { class: "focus", x: x - size / 2 - 4, y: y - size / 2 - 4, width: size + 8, height: size + 8, rx: 9 }), name, text, bias, biasText);
      view.units.push({ column, c, unit, node, image, text, bias, biasText });
      return node;
    });
    return svg("g", { role: "group", "aria-label": column.title }, items);
  }

  const which = () => (state.mode === "gradients" ? "gradients" : "weights");
  const valueAt = (name) => {
    const weight = parseWeight(name), array = state.frame?.[which()]?.[weight.path];
    return array ? array.data[weight.index.reduce((at, k, axis) => at * array.shape[axis] + k, 0)] : undefined;
  };

  const refresh = eachFrame(() => {
    if (!view.place) return;
    buttons.forEach((b, i) => b.setAttribute("aria-pressed", String(state.mode === MODES[i][0])));
    note.textContent = state.mode === "gradients" && state.frame && !state.frame.gradients ? "no gradients in this frame" : view.columns.some((c, i) => i > 0 && !c.linked) ? "Not a plain chain: the picture left of a layer is the kernel that leads to it." : "";
    const values = view.edges.map((e) => valueAt(e.name)), largest = Math.max(1e-30, ...values.map((v) => (Number.isFinite(v) ? Math.abs(v) : 0)));
    const taken = [];
    view.edges.forEach((edge, i) => drawEdge(edge, values[i], largest, taken));
    view.units.forEach(drawUnit);
    view.blocks.forEach((block) => block.refresh(which()));
  });

  function drawEdge(edge, value, largest, taken) {
    const known = Number.isFinite(value), chosen = state.weight === edge.name;
    edge.line.setAttribute("class", `weight${!known ? " empty" : value < 0 ? " negative" : ""}`);
    edge.line.setAttribute("stroke-width", known ? (0.5 + (5.5 * Math.abs(value)) / largest).toFixed(2) : 1);
    edge.halo.setAttribute("stroke-width", chosen ? 15 : 0);
    edge.label.textContent = value !== undefined && (edge.labelled || chosen) ? (edge.labelled ? short(value) : show(value, 4)) : "";
    if (!edge.label.textContent) return;
    const spot = (edge.labelled ? [0.26, 0.4, 0.54, 0.68, 0.18] : [0.5]).map((t) => [edge.x0 + t * (edge.x1 - edge.x0), edge.y0 + t * (edge.y1 - edge.y0)]);
    const [x, y] = spot.find(([a, b]) => taken.every(([p, q]) => Math.abs(a - p) > 46 || Math.abs(b - q) > 14)) ?? spot[0];
    taken.push([x, y]);
    edge.label.setAttribute("x", x);
    edge.label.setAttribute("y", y + 4);
  }

  /** What is written at an edge or a bias: two decimals of a weight, two digits of a gradient, which may be tiny. */
  const short = (value) => (which() === "gradients" ? brief(value, 2) : fixed(value, 2));

  function drawUnit(entry) {
    const { column, c, unit, node, image, text, bias, biasText } = entry;
    const chosen = state.unit?.layer === column.name && state.unit.index === unit;
    node.classList.toggle("chosen", chosen);
    node.setAttribute("aria-selected", String(chosen));
    const number = column.bias === undefined ? undefined : valueAt(weightName(column.bias, [unit]));
    node.setAttribute("aria-label", c === 0 ? `input ${column.names[unit]}` : `${column.name}, unit ${unit + 1} of ${column.units}${number === undefined ? "" : `, ${which() === "weights" ? "bias" : "gradient of the bias"} ${show(number, 4)}`}`);
    const seen = state.mode === "activations" ? null : unitPicture(state, column, c, unit);
    if (!seen) image.removeAttribute("href");
    else if (image.getAttribute("href") !== seen) image.setAttribute("href", seen);
    const active = state.mode === "activations" ? state.activations?.[column.name]?.[unit] : undefined;
    text.textContent = active === undefined ? "" : fixed(active, 2);
    if (bias) bias.setAttribute("class", `bias${number === undefined ? " empty" : number < 0 ? " negative" : ""}${state.weight === weightName(column.bias, [unit]) ? " chosen" : ""}`);
    if (biasText) biasText.textContent = number === undefined ? "" : short(number);
  }

  state.on((changed) => {
    if (changed.has("start")) build();
    else if (["frame", "weight", "unit", "mode", "region", "row", "activations", "theme"].some((n) => changed.has(n))) refresh();
  });
}
