/* Keys that do something anywhere on the page, as long as nobody is writing; and the dialog that lists them. */
import { el } from "./dom.js";
import { send } from "./send.js";

const KEYS = [
  ["Space", "play or pause"], ["→", "one observation further"], ["Shift →", "one batch further"], ["E", "one epoch further"], ["←", "back"],
  ["W G A", "show weights, gradients, activations"], ["/", "choose a weight"], ["?", "this help"],
];
const IN_NETWORK = [["Arrows", "from unit to unit"], ["Shift ↑ ↓", "over the weights that come into a unit"], ["Enter", "derive the unit's bias"]];
const WORDS = [
  ["Every number is one the model used.", "The derivation is computed in float64 by the same code that trains, and compared with central differences of the loss."],
  ["Widths and colours.", "A wide line is a large weight; blue and solid is positive, vermillion and dashed is negative. The dot at a unit's corner is its bias."],
  ["Pictures in the units.", "What a unit gives over the two features on the axes: blue is high, vermillion is low."],
  ["Back.", "Goes back to the last kept step: weights, what the optimizer remembers, and the counters. At full speed not every step is kept."],
];

function list(pairs) {
  return el("dl", null, pairs.map(([key, text]) => [el("dt", null, key.split(" ").map((k) => el("kbd", null, k))), el("dd", null, text)]));
}

/** The help dialog and the keys. Returns the button that opens it. */
export function helpButton(source, state) {
  const active = el("input", { type: "checkbox", checked: true, id: "keys-on" });
  const close = el("button", { type: "button", onclick: () => dialog.close() }, "Close");
  const dialog = el("dialog", { id: "help", "aria-labelledby": "help-title" },
    el("h2", { id: "help-title" }, "What you see, and keys"), WORDS.map(([head, text]) => el("p", null, el("strong", null, head), " ", text)),
    el("h3", null, "Keys"), list(KEYS), el("h3", null, "In the network"), list(IN_NETWORK),
    el("p", null, el("label", { class: "field inline" }, active, el("span", null, "Keys are on"))), el("div", { class: "row" }, el("span", { class: "push" }), close));
  document.body.append(dialog);
  const open = () => dialog.showModal();
  document.addEventListener("keydown", (event) => {
    if (!active.checked || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || dialog.open) return;
    if (event.target.closest("input, select, textarea, dialog, summary") || (event.key === " " && event.target.closest("button"))) return;
    if (act(event, source, state, open)) event.preventDefault();
  });
  return el("button", { type: "button", id: "help-button", "aria-haspopup": "dialog", onclick: open }, "Help ?");
}

function act(event, source, state, open) {
  const step = (by) => send(source, state, { do: "step", by });
  const actions = {
    " ": () => send(source, state, { do: state.status?.state === "playing" ? "pause" : "play" }),
    ArrowRight: () => step(event.shiftKey ? "batch" : "sample"), ArrowLeft: () => send(source, state, { do: "back" }), e: () => step("epoch"),
    w: () => state.set({ mode: "weights" }), g: () => state.set({ mode: "gradients" }), a: () => state.set({ mode: "activations" }),
    "/": () => document.getElementById("weight-variable")?.focus(), "?": open,
  };
  const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  action?.();
  return Boolean(action);
}
