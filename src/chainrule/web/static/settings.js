/* Settings of the training; each change is sent at once, and what the training then says is shown. */
import { el, refill } from "./dom.js";
import { brief } from "./numbers.js";
import { send } from "./send.js";

const OPTIMIZERS = ["SGD", "Adam", "RMSprop", "Adagrad", "AdamW", "Nadam", "Adamax", "Adadelta", "Lion"];
const SPEEDS = [["", "full"], ["1", "1/s"], ["4", "4/s"], ["20", "20/s"], ["100", "100/s"]];

/** A field for a number: sent on Enter or when it is left, put back where it is no number or refused. */
function numberField(label, name, source, state, attributes) {
  const input = el("input", { type: "number", class: "numeric", step: "any", ...attributes });
  const field = el("label", { class: "field" }, el("span", null, label), input);
  const change = async () => {
    const answer = input.value === "" ? null : await send(source, state, { do: "set", name, value: Number(input.value) });
    draw(answer === null);
  };
  input.addEventListener("change", change);
  const draw = (anew = false) => {
    const value = state.status?.settings?.[name];
    field.hidden = !state.status?.can?.set?.includes(name) || value === null || value === undefined;
    if ((anew || document.activeElement !== input) && !field.hidden) input.value = brief(value, 6).replace("−", "-");
  };
  return { field, draw };
}

function choiceField(label, name, choices, source, state, valueOf) {
  const box = el("select", { onchange: () => send(source, state, { do: "set", name, value: valueOf(box.value) }) });
  const field = el("label", { class: "field" }, el("span", null, label), box);
  const draw = () => {
    const value = state.status?.settings?.[name];
    const now = value === null || value === undefined ? "" : String(value?.name ?? value);
    field.hidden = !state.status?.can?.set?.includes(name);
    const known = choices.find(([v]) => v.toLowerCase() === now.toLowerCase());
    const all = known ? choices : [[now, name === "speed" ? `${now}/s` : now], ...choices];
    if (box.dataset.all !== all.join()) refill(box, all.map(([v, text]) => el("option", { value: v }, text)));
    box.dataset.all = all.join();
    if (document.activeElement !== box) box.value = known?.[0] ?? now;
  };
  return { field, draw };
}

/** "Stop at …": pause by itself at an epoch, or once the loss is small enough. */
function stopField(source, state) {
  const epoch = el("input", { type: "number", min: "1", step: "1" }), loss = el("input", { type: "number", step: "any" });
  const given = (input) => (input.value === "" ? null : Number(input.value));
  const form = el("form", { onsubmit: async (event) => {
    event.preventDefault();
    await send(source, state, { do: "stop_at", epoch: given(epoch), loss: given(loss) });
    details.open = false;
  } });
  refill(form, el("div", { class: "menu" }, el("label", { class: "field wide" }, el("span", null, "Pause at the end of epoch"), epoch), el("label", { class: "field wide" }, el("span", null, "Pause when the loss is at most"), loss), el("button", { type: "submit", class: "primary" }, "Set")));
  const summary = el("summary", null, "Stop at …");
  const details = el("details", { class: "stop-at", id: "stop-at" }, summary, form);
  const draw = () => {
    details.hidden = !source.live || ["finished", "stopped"].includes(state.status?.state);
    const goal = state.status?.stop_at ?? {};
    const set = [goal.epoch && `epoch ${goal.epoch}`, goal.loss !== null && goal.loss !== undefined && `loss ${brief(goal.loss)}`].filter(Boolean);
    summary.textContent = set.length ? `Stop at ${set.join(", ")}` : "Stop at …";
  };
  return { field: details, draw };
}

export function settingFields(source, state) {
  const fields = [
    numberField("Learning rate", "learning_rate", source, state, { min: "0" }),
    choiceField("Optimizer", "optimizer", OPTIMIZERS.map((n) => [n, n]), source, state, (v) => v),
    numberField("Batch", "batch_size", source, state, { min: "1", step: "1" }),
    numberField("L2", "l2", source, state, { min: "0" }),
    numberField("Dropout", "dropout", source, state, { min: "0", max: "0.99" }),
    choiceField("Speed", "speed", SPEEDS, source, state, (v) => (v === "" ? null : Number(v))),
    stopField(source, state),
  ];
  const element = el("fieldset", { class: "settings", "aria-label": "Settings" }, fields.map((f) => f.field));
  const draw = () => {
    element.disabled = source.live && ["finished", "stopped"].includes(state.status?.state);
    fields.forEach((f) => f.draw());
  };
  return { element, draw };
}
