/* What the tabs share: asking the source for a view no more often than it can answer, and saying what it was made of. */
import { el, refill } from "../dom.js";
import { count } from "../numbers.js";

const PLAYING_MS = 1500; // between two answers while training goes on

/**
 * Fills a tab with a view of the source.
 * @param options {view: name, about: sentence, parameters: () => object, bar: [elements], draw: (box, data) => void,
 *   tasks: those it is for, otherwise: sentence for others}
 * @returns {update, again}: `update` when there are newer numbers, `again` when the reader chose something else
 */
export function viewTab(element, source, state, options) {
  const box = el("div", { class: "tab-body" }), problem = el("p", { class: "empty", hidden: true }), made = el("p", { class: "note" });
  refill(element, el("div", { class: "row spread" }, el("p", { class: "note about" }, options.about), el("div", { class: "row" }, options.bar ?? [])), problem, box, made);
  const now = { busy: false, wanted: false };

  async function run() {
    now.wanted = true;
    if (now.busy) return;
    now.busy = true;
    while (now.wanted) {
      now.wanted = false;
      await one();
      if (state.status?.state === "playing") await new Promise((done) => setTimeout(done, PLAYING_MS));
    }
    now.busy = false;
  }

  async function one() {
    if (element.hidden || !state.frame) return;
    const { task } = state.start.data;
    try {
      if (options.tasks && !options.tasks.includes(task)) throw new Error(options.otherwise);
      const data = await source.view(options.view, options.parameters?.() ?? {});
      problem.hidden = true;
      box.hidden = false;
      options.draw(box, data);
      made.textContent = madeOf(data);
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
      box.hidden = true;
      made.textContent = "";
    }
  }

  return { update: run, again: run };
}

function madeOf({ step, rows, of }) {
  const some = rows === undefined ? "" : of && of !== rows ? `${count(rows)} of ${count(of)} observations` : `${count(rows)} observations`;
  return [some, step === undefined ? "" : `at step ${count(step)}`].filter(Boolean).join(", ");
}
