/*
 * Exercises: the derivation of the chosen observation with blanks, in a dialog. Fields know the range of right answers,
 * so the browser's own validity says right or not yet.
 */
import { el, refill } from "./dom.js";
import { safeHtml } from "./foreign.js";
import { send } from "./send.js";

const BLANKS = 5;

/** Makes the dialog; returns what opens it. */
export function makeQuiz(source, state) {
  const quiz = { seed: 0, blanks: [], fields: [], shown: false };
  const page = el("div", { class: "derived", tabindex: "0", role: "region", "aria-label": "Derivation with blanks" });
  const said = el("p", { role: "status" });
  const hints = el("ol", { class: "hints", type: "A" });
  const folded = el("details", null, el("summary", null, "Hints"), hints);
  const other = el("button", { type: "button", onclick: () => { quiz.seed += 1; ask(); } }, "Other blanks");
  const solve = el("button", { type: "button", onclick: solution }, "Solution");
  const close = el("button", { type: "button", onclick: () => dialog.close() }, "Close");
  const dialog = el("dialog", { id: "quiz", "aria-labelledby": "quiz-title" },
    el("h2", { id: "quiz-title" }, "Work it out"), page, said, folded, el("div", { class: "row" }, other, solve, el("span", { class: "push" }), close));
  document.body.append(dialog);

  /** Who has seen the answers is not praised for them. */
  function judge() {
    const right = quiz.fields.filter((field) => field.value !== "" && field.validity.valid).length, all = quiz.fields.length;
    said.textContent = `${right} of ${all} right${right && right === all && !quiz.shown ? ": well done." : "."}`;
  }

  function solution() {
    quiz.fields.forEach((field, i) => { field.value = quiz.blanks[i].shown.replace("−", "-"); });
    quiz.shown = quiz.fields.length > 0;
    if (quiz.shown) said.textContent = "The answers are shown.";
  }

  /** Gives a field its range; the text of the page brings only its name. */
  function prepare(field) {
    const blank = quiz.blanks.find((b) => b.name === field.name);
    for (const [name, value] of Object.entries({ min: blank.low, max: blank.high, step: "any", required: "", placeholder: " " })) field.setAttribute(name, value);
    field.addEventListener("input", judge);
    return field;
  }

  async function ask() {
    try {
      const { row, notation, digits } = state;
      const answer = await source.quiz({ row: row ?? 0, blanks: BLANKS, seed: quiz.seed, notation, digits });
      Object.assign(quiz, { blanks: answer.blanks, shown: false });
      refill(page, safeHtml(answer.html));
      quiz.fields = [...page.querySelectorAll("input[name]")].map(prepare);
      refill(hints, quiz.blanks.map((b) => el("li", null, b.hint)));
      folded.open = false;
      judge();
      quiz.fields[0]?.focus({ preventScroll: true });
    } catch (error) {
      refill(page, el("p", { class: "empty" }, error.message));
      said.textContent = "";
    }
  }

  return async () => {
    if (state.status?.state === "playing") await send(source, state, { do: "pause" });
    dialog.showModal();
    ask();
  };
}
