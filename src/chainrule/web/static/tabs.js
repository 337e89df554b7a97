/* Further views, one visible at a time, made when first opened. */
import { el, refill } from "./dom.js";
import { calibrationTab } from "./tabs/calibration.js";
import { confusionTab } from "./tabs/confusion.js";
import { gradientsTab } from "./tabs/gradients.js";
import { importanceTab } from "./tabs/importance.js";
import { surfaceTab } from "./tabs/surface.js";
import { weightsTab } from "./tabs/weights.js";

const TABS = [surfaceTab, gradientsTab, weightsTab, confusionTab, calibrationTab, importanceTab];
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
    if (!made.has(i)) made.set(i, tabs[i].create(panels[i], source, state));
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
