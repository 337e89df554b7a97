/* The names a course gives to inputs, weights, units and losses, as `chainrule.glassbox.notation` has them. */
import { escape, math, subscript } from "./math.js";

const LETTERS = {
  lecture: { loss: "ℓ", total: "L" },
  textbook: { h: "z", p: "a", loss: "ℓ", total: "L" },
  keras: { h: "z", a: "out", p: "y_pred", y: "y_true", w: "kernel", b: "bias", total: "total_loss" },
};
const LATEX = { "ℓ": "\\ell", "Ω": "\\Omega", "δ": "\\delta" };
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** A name in LaTeX: one letter in italics, several upright. */
export function latexName(text) {
  return LATEX[text] ?? (Array.from(text).length === 1 ? text : `\\mathrm{${escape(text)}}`);
}

const bold = (letter) => (letter.length === 1 ? `\\mathbf{${letter}}` : `\\mathrm{${escape(letter)}}`);

export class Names {
  /** `layered`: whether the network has several layers, so that symbols carry the layer's number. */
  constructor(notation, layered) {
    if (!(notation in LETTERS)) throw new Error(`Unknown notation '${notation}'.`);
    this.notation = notation;
    this.layered = layered;
    this.keras = notation === "keras";
  }

  letterOf(kind) {
    return LETTERS[this.notation][kind] ?? kind;
  }

  letter(kind) {
    return math(this.letterOf(kind), latexName(this.letterOf(kind)));
  }

  /** The symbol of one unit of a vector; a vector of one needs no index. */
  unit(kind, index, layer, size = 2) {
    return this.indexed(kind, index === null || (size === 1 && !this.keras) ? [] : [index], layer);
  }

  /** The symbol of one element of a variable; `index` counts as the stored array does. */
  weight(kind, index, layer) {
    return this.indexed(kind, this.notation === "textbook" && kind === "w" ? index.toReversed() : index, layer);
  }

  /** The symbol of a whole matrix or vector. */
  whole(kind, layer) {
    const given = this.letterOf(kind);
    const letter = kind === "w" && !this.keras ? given.toUpperCase() : given;
    const raised = this.raised(layer);
    return math(letter + raised.text, bold(letter) + raised.latex);
  }

  loss() {
    return this.indexed("loss", [], null);
  }

  total() {
    return this.indexed("total", [], null);
  }

  partial(top, bottom) {
    return math(`∂${top.text}/∂${bottom.text}`, `\\frac{\\partial ${top.latex}}{\\partial ${bottom.latex}}`);
  }

  indexed(kind, index, layer) {
    const letter = this.letterOf(kind), raised = this.raised(layer);
    if (!index.length) return math(letter + raised.text, latexName(letter) + raised.latex);
    if (this.keras) {
      const inside = index.join(",");
      return math(`${letter}${raised.text}[${inside}]`, `${latexName(letter)}${raised.latex}_{${inside}}`);
    }
    const shown = index.map((i) => String(i + 1));
    const text = shown.join(shown.every((s) => s.length === 1) ? "" : ",");
    const below = text.split(",").map((part) => subscript(part) ?? part).join(",");
    return math(letter + below + raised.text, `${latexName(letter)}_${text.length === 1 ? text : `{${text}}`}${raised.latex}`);
  }

  raised(layer) {
    if (layer === null || !this.layered) return math("");
    return math(`⁽${Array.from(String(layer), (c) => RAISED[Number(c)]).join("")}⁾`, `^{(${layer})}`);
  }
}
