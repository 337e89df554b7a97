/*
 * The guided tour, in the lecture's order. `startTour(source, state, elements)` walks through the panels; `elements`
 * are the panels by name: controls, data, network, output, derivation, loss, health, views.
 *
 * A stop: the panel it is at, what to say (text, or a function of whether there is a hidden layer), words of the
 * glossary, what its button does; `live` and `needs` say that it takes a server.
 */
import { el, refill } from "./dom.js";
import { send } from "./send.js";

const PANELS = ["controls", "data", "network", "output", "derivation", "loss", "health", "views"];
const RIGHT = ["output", "loss", "health"]; // what stands on the right: the card keeps to the left

const command = (order, text) => ({ text, needs: true, do: (source, state) => send(source, state, order) });
const set = (changes, text) => ({ text, do: (_, state) => state.set(changes) });

const STOPS = [
  { at: "network", title: "A neuron", words: ["perceptron", "weight", "bias"], text: ["Read it from left to right. A neuron multiplies each input by a weight, adds a bias, and gets h. Its activation squeezes h into p, the prediction.",
    "Wide lines are large weights; blue and solid is positive, orange and dashed is negative. Every number you see is one the model used."] },
  { at: "data", title: "The prediction table", words: ["prediction table", "observation"], text: ["Each row is an observation: its inputs, and y, what should come out. The network predicts all of them.", "Choose a row: the whole page follows it."],
    act: set({ row: 2 }, "Choose observation 3") },
  { at: "derivation", title: "The error", words: ["loss", "mean squared error"], text: ["Here is that row in full: h, then p, then the loss ℓ, which says how wrong p is. It is 0 where p equals y.", "Training makes the mean loss of all rows small."] },
  { at: "views", title: "The loss surface", words: ["loss surface", "minimum"], text: ["Change two weights, and the loss changes: a landscape above the plane of the two. Valleys are good weights. The line on it is the way the training has gone."], act: { text: "Show the surface", do: () => document.getElementById("tab-surface")?.click() } },
  { at: "controls", title: "Descent", words: ["gradient descent", "learning rate"], text: ["A step goes downhill: each weight moves against its slope, times the learning rate. w ← w − η · ∂ℓ/∂w.", "Take a step (in a recording: move the slider) and watch loss and lines; Back undoes it. Then try a learning rate ten times as large."], act: command({ do: "step", by: "batch" }, "Take one step") },
  { at: "derivation", title: "Backpropagation", words: ["chain rule", "backpropagation", "check"], text: ["Where do the slopes come from? From the chain rule: begin at the loss and multiply, link by link, until you reach the weight. Where paths meet, they are added.",
    "Click a line in the network to derive its weight. The check compares every slope with one measured by moving the weight a little."] },
  { at: "network", title: "Hidden layers", words: ["hidden layer", "XOR"], text: (hidden) => hidden
    ? ["Between inputs and output stands a hidden layer. Each unit draws a line of its own; the small pictures show what it makes of the plane. The output combines them, so the boundary can bend.", "That is how XOR is solved, which no single neuron can do."]
    : ["A single neuron parts the plane by one straight line. For OR that is enough; for XOR no such line exists. A hidden layer of two units solves it.", "Start the same page with: chainrule play mlp"] },
  { at: "derivation", title: "Matrices", words: ["matrix form", "kernel"], text: ["All units of a layer at once, all rows at once: H = XW + b. The weights form the kernel W, a row for each input and a column for each unit.", "In Keras's notation kernel[0,1] is the weight from the first input to the second unit. The numbers stay the same."], act: set({ notation: "keras" }, "Use Keras's names") },
  { at: "loss", title: "Overfitting", words: ["overfitting", "regularisation"], text: ["Now let it play: the training loss falls. What counts are rows the network has not learned from. Where a training holds some out, their loss is drawn as well; if it rises while the other falls on, the network learns by heart.", "The health panel then says so, and what to try: fewer units, L2, dropout, stopping earlier."],
    act: command({ do: "play" }, "Play") },
  { at: "derivation", title: "Your turn", words: ["derivation"], text: ["Work out some numbers by hand: Quiz hides a few, says whether yours are right, and names the rule that helps."], act: { text: "Open the quiz", do: () => document.getElementById("quiz-button")?.click() } },
];

/** Whether the network has a layer between inputs and output. */
const hasHidden = (state) => (state.start?.model?.layers ?? []).filter((layer) => layer.weights?.length).length > 1;

/** Whether the page can do what a stop's button offers. */
const possible = (act, source) => act && (!act.needs || source.live);

/** Links into the glossary, which the server has. */
const explained = (words) => el("p", { class: "note" }, words.map((word, i) => [i ? ", " : "Glossary: ", el("a", { href: `static/glossary.html#${word.toLowerCase().replaceAll(" ", "-")}`, target: "_blank" }, word)]));

function panels() {
  return Object.fromEntries(PANELS.map((name) => [name, document.getElementById(name)]));
}

export function startTour(source, state, elements = panels()) {
  document.getElementById("tour")?.remove();
  const opener = document.activeElement, { notation } = state;
  const stops = STOPS.filter((stop) => source.live || !stop.live);
  let at = 0;
  const count = el("p", { class: "note" }), title = el("h2", { id: "tour-title", tabindex: "-1" }), text = el("div", { class: "text" });
  const act = el("button", { type: "button", class: "act" }), back = el("button", { type: "button", onclick: () => go(at - 1) }, "Back"), next = el("button", { type: "button", class: "primary" });
  const leave = el("button", { type: "button", class: "plain", onclick: end }, "Leave");
  const card = el("section", { id: "tour", role: "dialog", "aria-labelledby": "tour-title", "aria-describedby": "tour-text" },
    el("div", { class: "row spread" }, count, leave), title, text, el("div", { class: "row" }, act, el("span", { class: "push" }), back, next));
  text.id = "tour-text";
  card.addEventListener("keydown", (event) => { if (event.key === "Escape") end(); });
  document.body.append(card);
  go(0);
  return end;

  function mark(element) {
    for (const other of document.querySelectorAll(".toured")) other.classList.remove("toured");
    if (!element) return;
    element.classList.add("toured");
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    element.scrollIntoView({ block: "center", behavior: calm ? "auto" : "smooth" });
  }

  function go(to) {
    if (to >= stops.length) return end();
    at = Math.max(to, 0);
    state.set({ notation });
    const stop = stops[at], said = typeof stop.text === "function" ? stop.text(hasHidden(state)) : stop.text;
    count.textContent = `Tour, ${at + 1} of ${stops.length}`;
    title.textContent = stop.title;
    refill(text, said.map((sentence) => el("p", null, sentence)), source.live && explained(stop.words));
    act.hidden = !possible(stop.act, source);
    act.textContent = stop.act?.text ?? "";
    act.onclick = () => stop.act.do(source, state);
    back.disabled = at === 0;
    next.textContent = at === stops.length - 1 ? "Done" : "Next";
    next.onclick = () => go(at + 1);
    card.classList.toggle("left", RIGHT.includes(stop.at));
    mark(elements[stop.at]);
    title.focus({ preventScroll: true });
  }

  function end() {
    state.set({ notation });
    mark(null);
    card.remove();
    opener?.focus?.({ preventScroll: true });
  }
}
