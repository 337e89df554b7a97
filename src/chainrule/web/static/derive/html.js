/* A derivation as HTML: one table, every equation a row, so that results stand in one column. */
import { escaped, mathml } from "./mathml.js";
import { equation } from "./paths.js";

const attribute = (text) => escaped(text).replaceAll('"', "&quot;");

/** A page {title, sections, foot} as HTML. */
export function pageToHtml({ title, sections, foot }) {
  const head = title ? `<h2>${escaped(title)}</h2>` : "";
  const lines = foot.map((line) => `<p>${escaped(line)}</p>`).join("");
  return `<div class="cr-box">${head}<div class="cr-scroll"><table class="cr-page">${sections.map(sectionToHtml).join("")}</table></div>${lines}</div>`;
}

function sectionToHtml({ title, rule, lines, notes, level }) {
  const rows = [];
  if (title || rule) {
    const shown = rule ? `<span>${mathml(rule.latex)}</span>` : "";
    rows.push(`<tr class="${level === 1 ? "cr-part" : "cr-layer"}"><th colspan="5" scope="rowgroup">${escaped(title)}${shown}</th></tr>`);
  }
  rows.push(...lines.map(lineToHtml));
  rows.push(...notes.map((note) => `<tr><td colspan="5" class="cr-note">${escaped(note)}</td></tr>`));
  return `<tbody>${rows.join("")}</tbody>`;
}

function lineToHtml(line) {
  const chain = [line.formula, line.numbers].filter((p) => p?.latex).map((p) => p.latex).join(" = "), relation = line.exact ? "=" : "\\approx";
  const sign = line.note === "←" ? "\\leftarrow" : "=", plain = line.value === null || typeof line.value === "number";
  const cells = !line.shown ? `<td colspan="3">${mathml(`${sign} ${chain}`)}</td>` : plain
    ? `<td>${chain ? mathml(`= ${chain}`) : ""}</td><td>${line.value === null ? "" : mathml(relation)}</td>${line.field ? `<td>${line.field}</td>` : `<td class="cr-value">${mathml(line.shown.latex)}</td>`}`
    : `<td colspan="3">${mathml(`${chain ? `= ${chain} ` : ""}${relation} ${line.shown.latex}`)}</td>`;
  return `<tr title="${attribute(equation(line, ""))}"><td>${mathml(line.symbol.latex)}</td>${cells}<td class="cr-note">${line.note === "←" ? "" : escaped(line.note)}</td></tr>`;
}

/** The derivative of one weight as HTML. */
export function nodeToHtml({ title, lines }) {
  return pageToHtml({ title, sections: [{ title: "", rule: null, lines, notes: [], level: 1 }], foot: [] });
}
