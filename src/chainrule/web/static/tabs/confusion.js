/* Which classes are taken for which. */
import { el, refill } from "../dom.js";
import { count } from "../numbers.js";
import { viewTab } from "./view_tab.js";

export function create(element, source, state) {
  return viewTab(element, source, state, { view: "confusion", tasks: ["binary", "multiclass"], otherwise: "A confusion matrix needs classes; this model predicts numbers.", about: "Rows are the true classes, columns what the model says; each cell holds the number of observations and its share of the row.", draw });
}

function draw(box, { classes, counts, accuracy, threshold }) {
  const total = counts.flat().reduce((a, b) => a + b, 0), right = counts.reduce((sum, row, i) => sum + row[i], 0);
  const head = el("tr", null, el("td", null, ""), el("th", { scope: "colgroup", colspan: classes.length, class: "over" }, "the model says"), el("td"));
  const names = el("tr", null, el("th", { scope: "col", class: "corner" }, "true class"), classes.map((c) => el("th", { scope: "col", title: c }, c)), el("th", { scope: "col" }, "found"));
  const body = counts.map((row, i) => {
    const n = row.reduce((a, b) => a + b, 0);
    return el("tr", null, el("th", { scope: "row", title: classes[i] }, classes[i]), row.map((c, j) => cell(c, n, i === j)), el("td", { class: "share" }, n ? `${percent(row[i] / n)}` : "·"));
  });
  const said = classes.map((_, j) => counts.reduce((sum, row) => sum + row[j], 0));
  const foot = el("tr", null, el("th", { scope: "row" }, "right of those"), said.map((n, j) => el("td", { class: "share" }, n ? percent(counts[j][j] / n) : "·")), el("td", { class: "share all" }, percent(accuracy)));
  const sentence = `${count(right)} of ${count(total)} right (${percent(accuracy)})${threshold === null || threshold === undefined ? "" : `; above ${threshold} is class ${classes[1]}`}.`;
  refill(box, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Confusion matrix" }, el("table", { class: "confusion" }, el("caption", null, sentence), el("thead", null, head, names), el("tbody", null, body), el("tfoot", null, foot))));
}

/** A cell: blue on the diagonal, vermillion beside it, the stronger the larger its share of the row. */
function cell(n, of, right) {
  const share = of ? n / of : 0, made = el("td", { class: right ? "hit" : n ? "miss" : "none" }, el("span", { class: "n" }, count(n)), el("span", { class: "share" }, of ? ` ${percent(share)}` : ""));
  made.style.setProperty("--share", String(Math.round(70 * share)));
  return made;
}

function percent(share) {
  return `${Math.round(1000 * share) / 10} %`;
}
