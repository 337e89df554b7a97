/* The observations, some at a time, each with what the network now says about it. Choosing one derives it. */
import { el, refill, setText } from "./dom.js";
import { brief, count, decode, fixed, number, row } from "./numbers.js";
import { eachFrame, rest } from "./pace.js";

const PAGE = 50, SOME = 4; // rows at a time; columns of features
const REFRESH_MS = 1500, RESTED_MS = 250; // how often predictions are asked for anew: while a model trains, and else

/** The class a prediction stands for: above one half, or the largest of several. */
export function classOf(prediction, task) {
  const p = Array.from(prediction);
  if (task === "binary" && p.length === 1) return p[0] > 0.5 ? 1 : 0;
  return p.indexOf(Math.max(...p));
}

/** The class of a target: a number, or the place of the one in a one-hot row. */
export function trueClass(target) {
  return target.length > 1 ? target.indexOf(Math.max(...target)) : Math.round(target[0]);
}

/** The observations of the probe, which come with each frame. */
function probeRows(state) {
  const { probe } = state.start;
  if (!probe?.x || probe.x.shape.length !== 2) return [];
  return probe.rows.map((n, i) => ({ row: n, x: Array.from(row(probe.x, i)), y: Array.from(row(probe.y, i)), probe: i }));
}

/** What the newest frame says about a row, or null where it is not in the probe. */
function predictionOf(state, entry) {
  if (entry.probe !== undefined && entry.probe >= 0 && state.frame?.outputs) return row(state.frame.outputs, entry.probe);
  return entry.p ?? null;
}

/** Whether a prediction is right, in words; "" where there are no classes, or no number. */
function verdictOf(state, entry, p) {
  if (!p || !p.every(Number.isFinite) || !["binary", "multiclass"].includes(state.start.data.task)) return "";
  return classOf(p, state.start.data.task) === trueClass(entry.y) ? "✓ right" : "✗ wrong";
}

/** Returns a function that draws the table anew. */
export function rowsTable(element, source, state) {
  const view = { offset: 0, entries: [], lines: [], total: 0, of: null, key: "", frame: null, step: null, asked: 0, busy: false };
  const box = el("div", { id: "rows", tabindex: "0", role: "region", "aria-label": "Observations" });
  const before = el("button", { type: "button", onclick: () => page(-PAGE) }, "‹ earlier"), after = el("button", { type: "button", onclick: () => page(PAGE) }, "later ›");
  const which = el("span", { class: "note" }), old = el("span", { class: "note" });
  const go = el("input", { type: "number", min: "1", class: "numeric", id: "row", onchange: () => {
    const n = Math.round(Number(go.value)) - 1;
    if (n >= 0 && n < (state.start?.data.rows ?? 0)) state.set({ row: n });
  } });
  refill(element, el("div", { class: "row spread" }, el("label", { class: "field inline" }, el("span", null, "Observation"), go), which), box, el("div", { class: "row spread" }, before, old, after));

  function page(by) {
    view.offset = Math.max(0, Math.min(view.offset + by, Math.floor((view.total - 1) / PAGE) * PAGE));
    load();
  }

  /** Whether a prediction of a row outside the probe is of other weights than those shown: it comes when it is asked for. */
  function isOld(entry) {
    return entry.probe === undefined && view.frame !== state.frame;
  }

  /** Asks for predictions anew as long as they are old: now and then while a model trains, at once when it rests. */
  async function refresh() {
    if (view.busy || !state.frame || !view.entries.some(isOld)) return;
    view.busy = true;
    await rest(REFRESH_MS);
    const done = await load();
    setTimeout(() => {
      view.busy = false;
      refresh();
    }, done ? RESTED_MS : REFRESH_MS);
  }

  /** Fetches the rows of this page; returns whether that went well. */
  async function load() {
    const probe = probeRows(state), all = state.start.data.rows, asked = ++view.asked, { frame } = state, outside = source.live && all > probe.length;
    const given = outside ? await source.view("table", { offset: view.offset, limit: PAGE }).catch(() => null) : null;
    if (asked !== view.asked) return true; // others were asked for meanwhile
    if (outside && !given && view.entries.some((e) => e.probe === undefined)) return false; // those that are there are still true of their step
    const places = new Map(probe.map((e) => [e.row, e.probe]));
    const list = (a) => (a === null || a === undefined ? null : Array.isArray(a) ? a.map(number) : typeof a === "object" ? Array.from(decode(a).data) : [number(a)]);
    view.total = given ? given.total : probe.length;
    view.entries = given ? given.rows.map((r) => ({ row: r.row, x: list(r.x), y: list(r.y), p: list(r.p), probe: places.get(r.row) })) : probe.sort((a, b) => a.row - b.row).slice(view.offset, view.offset + PAGE);
    view.step = given?.step ?? null;
    view.frame = view.step === frame?.step ? frame : null; // the server may know of a newer one than the page: it will come
    draw();
    return true;
  }

  function columns(features) {
    const first = [...new Set(state.axes)].filter((i) => i < features.length);
    return [...first, ...features.map((_, i) => i).filter((i) => !first.includes(i))].slice(0, features.length <= SOME + 2 ? features.length : SOME).sort((a, b) => a - b);
  }

  /** A class by its name, where it has one. */
  const className = (c) => state.start.data.classes?.[c] ?? String(c);

  function predictionText(p) {
    if (!p) return "·";
    if (p.length > 1) return `${className(classOf(p, "multiclass"))} ${fixed(Math.max(...p), 2)}`;
    return state.start.data.task === "regression" ? brief(p[0], 4) : fixed(p[0], 3);
  }

  function line(entry, shown, features) {
    const text = (i) => features[i].choices?.[Math.round(entry.x[i])] ?? brief(entry.x[i], 3);
    const cells = { said: el("td"), verdict: el("td") };
    const button = el("button", { type: "button", "aria-label": `Observation ${entry.row + 1}` }, entry.row + 1);
    const y = ["binary", "multiclass"].includes(state.start.data.task) ? className(trueClass(entry.y)) : brief(entry.y[0]);
    cells.line = el("tr", { onclick: () => state.set({ row: entry.row }) }, el("td", null, button), el("td", { title: y }, y), cells.said, cells.verdict, shown.map((i) => el("td", null, text(i))));
    return cells;
  }

  /** The table itself, when other rows or columns are to be seen. */
  function build() {
    const features = state.start.data.features, shown = columns(features);
    const classes = ["binary", "multiclass"].includes(state.start.data.task);
    const head = ["#", state.start.data.target ?? "y", classes ? "p" : "ŷ", classes ? "class" : "", ...shown.map((i) => features[i].name)];
    view.lines = view.entries.map((e) => line(e, shown, features));
    view.key = keyOf();
    refill(box, el("table", { class: "numbers" }, el("thead", null, el("tr", null, head.map((h) => el("th", { scope: "col", title: h }, h)))), el("tbody", null, view.lines.map((c) => c.line))));
    which.textContent = view.total ? `${view.offset + 1}–${Math.min(view.offset + PAGE, view.total)} of ${count(view.total)}` : "";
    before.hidden = after.hidden = view.total <= PAGE;
    before.disabled = view.offset === 0;
    after.disabled = view.offset + PAGE >= view.total;
  }

  const keyOf = () => `${state.axes} ${view.offset} ${view.entries.length} ${view.entries[0]?.row}`;

  const draw = eachFrame(() => {
    if (!state.start) return;
    if (view.of !== state.start) {
      Object.assign(view, { of: state.start, offset: 0, entries: [], total: 0, frame: null, step: null });
      load();
      return;
    }
    if (view.frame === null && view.step !== null && view.step === state.frame?.step) view.frame = state.frame;
    if (view.key !== keyOf()) build();
    view.entries.forEach((entry, i) => {
      const p = predictionOf(state, entry), verdict = verdictOf(state, entry, p), { line: tr, said, verdict: cell } = view.lines[i];
      const mark = p && isOld(entry) ? "*" : "";
      setText(said, `${predictionText(p)}${mark}`);
      setText(cell, verdict);
      cell.className = verdict.startsWith("✗") ? "wrong-mark" : "right-mark";
      if (entry.row === state.row) tr.setAttribute("aria-current", "true");
      else tr.removeAttribute("aria-current");
    });
    setText(old, view.entries.some((e) => e.p && isOld(e)) ? `* of step ${count(view.step)}` : "");
    old.title = "The predictions of rows that the pictures do not show are asked for now and then, and once training rests.";
    refresh();
    if (document.activeElement !== go && state.row !== null) go.value = String(state.row + 1);
  });
  return draw;
}
