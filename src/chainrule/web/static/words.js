/* Links from the panels into the glossary, where a server has it. */
import { el } from "./dom.js";

const WORDS = {
  data: ["observation", "feature"], network: ["weight", "bias", "activation function"], output: ["decision boundary", "slice"],
  derivation: ["chain rule", "gradient", "check"], loss: ["loss", "epoch"], health: ["gradient flow", "saturation"],
};

export function glossaryLink(word, text = word) {
  return el("a", { href: `static/glossary.html#${word.toLowerCase().replaceAll(" ", "-")}`, target: "_blank", rel: "noopener" }, text);
}

/** Puts the words of each panel beside its title. */
export function explainPanels(source) {
  if (!source.live) return;
  for (const [id, words] of Object.entries(WORDS)) {
    const links = words.map((word, i) => [i ? " · " : "", glossaryLink(word)]);
    document.querySelector(`#${id} > h2`).after(el("p", { class: "words", role: "note", "aria-label": "In the glossary" }, links));
  }
}
