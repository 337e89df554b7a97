/* Further views, one visible at a time, made when first opened. */
import { el, refill } from "./dom.js";

/** A tab is {name, title, load}; `load` promises its module, which is fetched when the tab is first opened. */
const TABS = [
  { name: "surface", title: "Loss surface + path", load: () => import("./tabs/surface.js") },
  { name: "gradients", title: "Gradients", load: () => import("./tabs/gradients.js") },
  { name: "weights", title: "Weights", load: () => import("./tabs/weights.js") },
  { name: "confusion", title: "Confusion", load: () => import("./tabs/confusion.js") },
  { name: "calibration", title: "Calibration", load: () => import("./tabs/calibration.js") },
  { name: "importance", title: "Importance", load: () => import("./tabs/importance.js") },
];
const PAUSE_MS = 250;

/** `more`: tabs that only some pages have. */
export function tabsPanel(element, source, state, more = []) {
  const tabs = [...TABS, ...more], made = new Map();
  let shown = null, last = 0, waiting = false, seen = false;
  const list = el("div", { role: "tablist", "aria-label": "More views" });
  const buttons = tabs.map((tab, i) => el("button", { type: "button", role: "tab", id: `tab-${tab.name}`, "aria-controls": `view-${tab.name}`, "aria-selected": "false", tabindex: i ? -1 : 0, onclick: () => open(i) }, tab.title));
  const panels = tabs.map((tab) => el("div", { role: "tabpanel", id: `view-${tab.name}`, "aria-labelledby": `tab-${tab.name}`, tabindex: "0", hidden: true }));
  refill(list, buttons);
  refill(element, list, panels);
  list.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    open((shown + by + tabs.length) % tabs.length);
    buttons[shown].focus();
  });

  function open(i) {
    shown = i;
    buttons.forEach((b, k) => {
      b.setAttribute("aria-selected", String(k === i));
      b.setAttribute("tabindex", k === i ? 0 : -1);
      panels[k].hidden = k !== i;
    });
    if (!made.has(i)) make(i);
    update();
  }

  async function make(i) {
    made.set(i, null);
    const found = await tabs[i].load().catch(() => null);
    if (!found) {
      made.delete(i);
      refill(panels[i], el("p", { class: "empty" }, "This part of the page could not be fetched: is the program still running?"));
      return;
    }
    made.set(i, found.create(panels[i], source, state));
    update();
  }

  /** Brings the visible view up to date, at most four times a second, while it is on the screen. */
  function update() {
    if (shown === null || !state.start || waiting || !seen) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      last = performance.now();
      made.get(shown)?.update?.();
    }, Math.max(0, PAUSE_MS - (performance.now() - last)));
  }

  state.on((changed) => {
    if (["start", "frame", "epochs", "row", "weight", "theme", "axes", "fixed"].some((n) => changed.has(n))) update();
  });
  new IntersectionObserver((entries) => {
    seen = entries.some((e) => e.isIntersecting);
    update();
  }).observe(element);
  open(0);
}
