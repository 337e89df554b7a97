/* The button of the quiz. */
import { el } from "./dom.js";
import { later } from "./teacher.js";

export function quizButton(source, state) {
  const onclick = later(state, async () => (await import("./quiz.js")).makeQuiz(source, state), (open) => open());
  return el("button", { type: "button", id: "quiz-button", "aria-haspopup": "dialog", onclick }, "Quiz");
}
