/* What is amiss in the network or its training, with the numbers that say so and what to try; and how gradients flow. */
import { bars } from "./charts.js";
import { el, refill } from "./dom.js";
import { brief, count } from "./numbers.js";
import { eachFrame } from "./pace.js";
import { glossaryLink } from "./words.js";

const WORDS = { error: "✗ Error", warning: "⚠ Warning", note: "ⓘ Note" };

/** When a finding was made, seen from the moment that the page shows. */
function stepText({ step }, now) {
  if (step === undefined || step === null) return "";
  return step > (now ?? step) ? `  later: at step ${count(step)}` : `  seen at step ${count(step)}`;
}

function findingOf(finding, live, now) {
  const name = finding.code.replaceAll("-", " ");
  const numbers = Object.entries(finding.numbers ?? {});
  const why = numbers.length ? el("details", null, el("summary", null, "Why"), el("ul", null, numbers.map(([k, v]) => el("li", null, `${k.replaceAll("_", " ")}: ${typeof v === "number" ? brief(v) : Array.isArray(v) ? v.join(", ") : v}`)))) : null;
  const tries = finding.tries?.length ? el("div", null, "Try:", el("ul", null, finding.tries.map((t) => el("li", null, t)))) : null;
  return el("li", { class: `finding ${finding.severity}` }, el("div", null, el("strong", null, `${WORDS[finding.severity] ?? finding.severity}: `, live ? glossaryLink(finding.code, name) : name), finding.where ? ` in ${finding.where}` : "", el("span", { class: "note" }, stepText(finding, now))), el("p", null, finding.message), tries, why);
}

export function healthPanel(element, source, state) {
  const list = el("ul", { class: "findings" }), fine = el("p", { class: "note" }), flow = el("div"), title = el("p", { class: "note" }, "Gradient flow: norm of the gradient per variable (log)");
  refill(element, list, fine, title, flow);

  const view = { later: 0 };
  const laterThan = (now) => state.findings.filter((f) => f.step > now).length;
  const over = (end, status) => Boolean(end) && status?.step === end.step;

  const drawFindings = eachFrame(() => {
    const { findings, frame, end, status } = state, now = frame?.step;
    view.later = laterThan(now);
    refill(list, findings.map((f) => findingOf(f, source.live, now)));
    fine.hidden = findings.length > view.later;
    fine.textContent = !state.start ? "" : end?.why === "error" ? "✗ The training ended with an error; the program that ran it says which." : over(end, status) ? "✓ Nothing unusual." : "✓ Nothing unusual so far.";
  });
  const drawFlow = eachFrame(() => {
    const items = (state.frame?.flow ?? []).filter((f) => Number.isFinite(Number(f.norm)) && f.norm > 0);
    title.hidden = flow.hidden = !items.length;
    if (items.length) bars(flow, items.slice(0, 12).map((f) => ({ label: f.path.split("/").slice(-2).join("/"), value: Number(f.norm) })), { title: "Gradient flow", desc: "Norm of the gradient of each variable", log: true, valueLabel: "norm" });
  });
  state.on((changed) => {
    if (["findings", "start", "end"].some((n) => changed.has(n)) || (changed.has("frame") && view.later !== laterThan(state.frame?.step))) drawFindings();
    if (changed.has("frame")) drawFlow();
  });
}
