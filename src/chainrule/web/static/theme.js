/* Light, dark, or what the system says; kept for the next visit where the browser allows it. */
import { el } from "./dom.js";

const NEXT = { auto: "light", light: "dark", dark: "auto" };
const TEXTS = { auto: "Theme: system", light: "Theme: light", dark: "Theme: dark" };
const KEY = "chainrule-theme";

function kept() {
  try {
    return localStorage.getItem(KEY) ?? "auto";
  } catch {
    return "auto";
  }
}

export function themeButton(state) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const button = el("button", { type: "button", id: "theme", onclick: () => use(NEXT[choice]) });
  let choice = kept() in NEXT ? kept() : "auto";

  function use(next) {
    choice = next;
    const theme = choice === "auto" ? (system.matches ? "dark" : "light") : choice;
    document.documentElement.dataset.theme = theme;
    button.textContent = TEXTS[choice];
    try {
      localStorage.setItem(KEY, choice);
    } catch {
      // a page in a sandbox may keep nothing
    }
    state.set({ theme });
  }
  system.addEventListener("change", () => use(choice));
  use(choice);
  return button;
}
