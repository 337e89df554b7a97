/* Keys in the network: arrows go from unit to unit, with Shift over the weights that come into one, Enter chooses. */
import { weightName } from "./weights.js";

/** Makes one unit the one that Tab leads to, and puts the focus there. */
function focusOn(entry, view) {
  for (const other of view.units) other.node.setAttribute("tabindex", other === entry ? 0 : -1);
  entry.node.focus();
}

/** The unit in another column that lies nearest in height. */
function across(entry, view, by) {
  const there = view.units.filter((u) => u.c === entry.c + by);
  const share = (entry.unit + 0.5) / entry.column.units;
  return there[Math.min(there.length - 1, Math.floor(share * there.length))];
}

/** The weight before or after the chosen one among those that come into a unit. */
function incoming(entry, state, by) {
  if (!entry.column.kernel) return;
  const names = Array.from({ length: entry.column.inputs }, (_, i) => weightName(entry.column.kernel, [i, entry.unit]));
  if (entry.column.bias) names.push(weightName(entry.column.bias, [entry.unit]));
  const at = names.indexOf(state.weight);
  state.set({ weight: names[at < 0 ? 0 : (at + by + names.length) % names.length], unit: { layer: entry.column.name, index: entry.unit } });
}

export function onTreeKey(event, view, state) {
  const entry = view.units.find((u) => u.node === event.target);
  if (!entry || event.ctrlKey || event.metaKey || event.altKey) return;
  const beside = (by) => view.units.find((u) => u.c === entry.c && u.unit === entry.unit + by);
  const by = { ArrowDown: 1, ArrowUp: -1, ArrowRight: 1, ArrowLeft: -1 }[event.key];
  const upright = event.key === "ArrowDown" || event.key === "ArrowUp";
  if (by && upright && event.shiftKey) incoming(entry, state, by);
  else if (by) {
    const next = upright ? beside(by) : across(entry, view, by);
    if (next) focusOn(next, view);
  } else if (event.key === "Home") focusOn(view.units[0], view);
  else if (event.key === "End") focusOn(view.units[view.units.length - 1], view);
  else if (event.key === "Enter" || event.key === " ") entry.node.dispatchEvent(new MouseEvent("click"));
  else return;
  event.preventDefault();
  event.stopPropagation();
}
