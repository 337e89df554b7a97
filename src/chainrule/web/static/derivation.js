/* The derivation of one weight's derivative at one observation, with the numbers put in, and the check of them. */
import { el, refill, select, setText, toggle } from "./dom.js";
import { safeHtml } from "./foreign.js";
import { show } from "./numbers.js";
import { eachFrame, rest } from "./pace.js";

const NOTATIONS = [["lecture", "Lecture"], ["textbook", "Textbook"], ["keras", "Keras"]];
const WIDE = "The layers are too wide to derive one weight by itself; its gradient, the mean of the probe, stands beside its value.";
const PAUSE_MS = 700; // before each while training or a replay goes on

async function copy(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied ✓";
  } catch {
    button.textContent = "Copying is not allowed here";
  }
  setTimeout(() => { button.textContent = before; }, 1800);
}

/** "dense/kernel[0,1] 0.3100 → 0.3115" of the optimizer's next step, if this were the whole batch. */
function updateText(update, digits) {
  return update && update.before !== undefined ? `update: ${show(update.before, digits)} → ${show(update.after, digits)}` : "";
}

/** The derivative that a node derives, as LaTeX: what stands before the last `&=`. */
function symbolOf(node) {
  return [...(node?.latex ?? "").matchAll(/(\\frac\{\\partial[^\n&]*?)\s*&=/g)].at(-1)?.[1] ?? "";
}

export function derivationPanel(element, source, state) {
  const view = { shown: "", answer: null, busy: false, wanted: false, visible: true };
  const title = el("p"), node = el("div", { class: "node-line", tabindex: "0", role: "region", "aria-label": "Derivative of the chosen weight" }), full = el("div", { class: "derived", tabindex: "0", role: "region", "aria-label": "All steps" });
  const badge = el("span", { class: "badge" }), update = el("span", { class: "update" }), latex = el("button", { type: "button" }, "Copy LaTeX"), whole = el("button", { type: "button" }, "Copy all steps");
  const facts = el("div", { class: "row" }, badge, update, latex, whole), problem = el("p", { class: "empty" });
  const notation = el("div", { class: "joined", role: "group", "aria-label": "Notation" }), buttons = NOTATIONS.map(([v, text]) => toggle(text, false, () => state.set({ notation: v })));
  buttons.forEach((b) => { b.className = ""; });
  refill(notation, buttons);
  const digits = select("Digits", [2, 3, 4, 6, 8, 12].map((d) => [d, d]), state.digits, (v) => state.set({ digits: Number(v) }));
  digits.classList.add("inline");
  refill(element, el("div", { class: "row spread" }, title, el("div", { class: "row" }, notation, digits)), problem, node, facts, full);
  latex.addEventListener("click", () => copy(view.answer?.node?.latex ?? "", latex));
  whole.addEventListener("click", () => copy(view.answer?.latex ?? "", whole));
  new IntersectionObserver((seen) => { view.visible = seen.some((s) => s.isIntersecting); if (view.visible) ask(); }).observe(element);

  async function ask() {
    view.wanted = true;
    if (view.busy) return;
    view.busy = true;
    while (view.wanted) {
      await rest(PAUSE_MS);
      view.wanted = false;
      if (!document.hidden && (view.visible || state.status?.state !== "playing")) await fetchOne();
      if (state.status?.state === "playing" && !source.live) await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
    view.busy = false;
  }

  async function fetchOne() {
    const { row, weight, notation: given, digits: places } = state;
    if (row === null || !state.frame) return;
    try {
      view.answer = await source.derivation({ row, weight, notation: given, digits: places });
      view.problem = "";
    } catch (error) {
      view.answer = null;
      view.problem = error.message;
    }
    state.set({ derivation: view.answer });
    draw();
  }

  const draw = eachFrame(() => {
    const { answer } = view;
    buttons.forEach((b, i) => b.setAttribute("aria-pressed", String(state.notation === NOTATIONS[i][0])));
    title.textContent = state.row === null ? "" : `Observation ${state.row + 1}${answer ? `, at step ${answer.step}` : ""}`;
    problem.hidden = Boolean(answer);
    problem.textContent = view.problem || (state.row === null ? "Choose an observation and a weight." : "Waiting for the first numbers …");
    facts.hidden = full.hidden = !answer;
    node.hidden = !answer;
    if (!answer) return;
    refill(node, answer.node ? safeHtml(answer.node.html) : WIDE);
    const { check } = answer;
    badge.className = `badge ${check?.ok ? "good" : "bad"}`;
    setText(badge, !check ? "not checked" : check.ok ? `check ✓ ${show(check.largest, 0)}` : `check ✗ ${show(check.largest, 0)}`);
    badge.title = `The backward pass against central differences of the loss: the largest difference${check ? ` of ${check.checked} gradients out of ${check.total}` : ""}.`;
    setText(update, updateText(answer.update, state.digits));
    latex.hidden = !answer.node?.latex;
    whole.hidden = !answer.latex;
    drawFull(answer);
  });

  /** All steps, with the line of the chosen weight marked; scrolled to it when another weight was chosen. */
  function drawFull(answer) {
    if (view.shown !== answer.html) {
      const at = full.scrollTop;
      refill(full, safeHtml(answer.html));
      full.scrollTop = at;
      for (const line of full.querySelectorAll("tr[title]")) {
        line.dataset.latex = line.title;
        line.removeAttribute("title");
      }
      view.shown = answer.html;
    }
    const symbol = symbolOf(answer.node);
    for (const line of full.querySelectorAll("tr[data-latex]")) line.classList.toggle("chosen", Boolean(symbol) && line.dataset.latex.startsWith(`${symbol} =`));
    const chosen = full.querySelector("tr.chosen");
    if (chosen && view.weight !== undefined && view.weight !== state.weight) full.scrollTop = chosen.offsetTop - full.clientHeight / 2;
    view.weight = state.weight;
  }

  state.on((changed) => {
    if (["frame", "row", "weight", "notation", "digits"].some((n) => changed.has(n))) ask();
    if (changed.has("start")) { view.answer = null; view.shown = ""; }
    if (["start", "row", "notation"].some((n) => changed.has(n))) draw();
  });
  draw();
}
