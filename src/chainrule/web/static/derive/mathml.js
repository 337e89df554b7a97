/* LaTeX to MathML, for the LaTeX that derivations are made of. */

const LETTERS = {
  alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ε", eta: "η", theta: "θ", lambda: "λ", mu: "μ", rho: "ρ", pi: "π", sigma: "σ", tau: "τ", ell: "ℓ", Omega: "Ω", partial: "∂", infty: "∞",
};
const OPERATORS = {
  cdot: "·", dots: "…", odot: "⊙", leftarrow: "←", approx: "≈", le: "≤", ge: "≥", ne: "≠", times: "×", to: "→", "{": "{", "}": "}", "|": "‖",
};
const WORDS = ["tanh", "exp", "log", "max", "min", "cosh"];
const SPACES = { quad: "1em", ",": ".17em", ";": ".28em", " ": ".33em" };
/* A minus that follows one of these belongs to its number. */
const PREFIX_AFTER = /[=<>≈≤≥≠+−·⊙,([{|←→]$/;

export const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** The tokens of a text: commands with their backslash, letters, numbers, braces and signs. */
function tokensOf(latex) {
  return latex.match(/\\[A-Za-z]+|\\.|nan|\d+(?:\.\d+)?|\s+|[^\s]/gu) ?? [];
}

class Reader {
  constructor(latex) {
    this.tokens = tokensOf(latex);
    this.at = 0;
  }

  get next() {
    while (/^\s+$/.test(this.tokens[this.at] ?? "")) this.at += 1;
    return this.tokens[this.at];
  }

  take() {
    const token = this.next;
    this.at += 1;
    return token;
  }

  /** Everything up to one of the closing tokens, as a list of elements. */
  list(...closing) {
    const found = [];
    while (this.next !== undefined && !closing.includes(this.next)) found.push(this.scripted(found[found.length - 1]));
    return found;
  }

  row(...closing) {
    const found = this.list(...closing);
    return found.length === 1 ? found[0].xml : `<mrow>${found.map((f) => f.xml).join("")}</mrow>`;
  }

  /** A braced group, or a single token. */
  group() {
    if (this.next !== "{") return this.atom().xml;
    this.take();
    const made = this.row("}");
    this.take();
    return made;
  }

  /** The letters within braces, as they stand. */
  raw() {
    this.take();
    let text = "", depth = 0;
    for (; this.at < this.tokens.length; this.at += 1) {
      const token = this.tokens[this.at];
      if (token === "{") depth += 1;
      if (token === "}" && depth-- === 0) break;
      text += /^\\[_#%&$ ]$/.test(token) ? token.slice(1) : token;
    }
    this.at += 1;
    return text;
  }

  scripted(before) {
    const base = this.atom(before);
    let below = null, above = null;
    while (this.next === "_" || this.next === "^") {
      if (this.take() === "_") below = this.group();
      else above = this.group();
    }
    if (below === null && above === null) return base;
    if (base.big) return { xml: `<munder>${base.xml}${below}</munder>` };
    if (below !== null && above !== null) return { xml: `<msubsup>${base.xml}${below}${above}</msubsup>` };
    return { xml: below !== null ? `<msub>${base.xml}${below}</msub>` : `<msup>${base.xml}${above}</msup>` };
  }

  atom(before) {
    const token = this.take();
    if (token === "{") {
      const made = this.row("}");
      this.take();
      return { xml: made };
    }
    if (token.startsWith("\\")) return this.command(token.slice(1));
    if (/^\d/.test(token)) return { xml: `<mn>${token}</mn>` };
    if (/^\p{L}/u.test(token)) return { xml: `<mi>${token}</mi>` };
    if (token === "'") return { xml: "<mo>′</mo>" };
    if (token === "-" && (!before || PREFIX_AFTER.test(before.sign ?? ""))) return { xml: `<mrow><mo>−</mo>${this.scripted().xml}</mrow>` };
    return sign(token === "-" ? "−" : token);
  }

  command(name) {
    if (name in LETTERS) return { xml: `<mi>${LETTERS[name]}</mi>` };
    if (name in OPERATORS) return { xml: `<mo>${OPERATORS[name]}</mo>`, sign: OPERATORS[name] };
    if (name in SPACES) return { xml: `<mspace width="${SPACES[name]}"/>` };
    if (WORDS.includes(name)) return { xml: `<mi>${name}</mi>` };
    if (name === "frac") return { xml: `<mfrac>${this.group()}${this.group()}</mfrac>` };
    if (name === "sqrt") return { xml: `<msqrt>${this.group()}</msqrt>` };
    if (name === "text") return { xml: `<mtext>${escaped(this.raw()).replaceAll(" ", "\u00a0")}</mtext>` };
    if (name === "mathrm" || name === "operatorname") return { xml: `<mi mathvariant="normal">${escaped(this.raw())}</mi>` };
    if (name === "mathbf" || name === "boldsymbol") return { xml: bold(this.group()) };
    if (name === "boxed") return { xml: `<mrow class="cr-mark">${this.group()}</mrow>` };
    if (name === "hat") return { xml: `<mover accent="true">${this.group()}<mo stretchy="false">^</mo></mover>` };
    if (name === "top") return { xml: "<mi>⊤</mi>" };
    if (name === "sum") return { xml: "<mo>∑</mo>", big: true };
    if (name === "left") return this.fenced();
    if (name === "begin") return this.environment();
    return { xml: `<mtext>${escaped(name)}</mtext>` };
  }

  fenced() {
    const open = this.take(), inner = this.list("\\right");
    this.take();
    const close = this.take();
    return { xml: `<mrow><mo>${escaped(open)}</mo>${inner.map((f) => f.xml).join("")}<mo>${escaped(close)}</mo></mrow>` };
  }

  environment() {
    const name = this.raw(), rows = [];
    let cells = [];
    for (;;) {
      cells.push(this.row("&", "\\\\", "\\end"));
      const token = this.take();
      if (token === "&") continue;
      rows.push(cells);
      cells = [];
      if (token !== "\\\\") break;
    }
    this.raw();
    const table = `<mtable${name === "cases" ? ' columnalign="left"' : ""}>${rows.map((r) => `<mtr>${r.map((c) => `<mtd>${c}</mtd>`).join("")}</mtr>`).join("")}</mtable>`;
    return { xml: name === "cases" ? `<mrow><mo>{</mo>${table}</mrow>` : `<mrow><mo>(</mo>${table}<mo>)</mo></mrow>` };
  }
}

function sign(text) {
  return { xml: `<mo${"()[]|".includes(text) ? ' stretchy="false"' : ""}>${escaped(text)}</mo>`, sign: text };
}

/** Letters in bold: MathML has characters of their own for them. */
function bold(xml) {
  return xml.replace(/<mi>([A-Za-zδ])<\/mi>/g, (_, c) => {
    const code = c.charCodeAt(0);
    const place = c === "δ" ? 0x1d6c5 : code >= 97 ? 0x1d41a + code - 97 : 0x1d400 + code - 65;
    return `<mi>${String.fromCodePoint(place)}</mi>`;
  });
}

/** LaTeX as an element `<math>`. */
export function mathml(latex) {
  const inner = new Reader(latex).list().map((f) => f.xml).join("");
  return `<math displaystyle="true"><mrow>${inner}</mrow></math>`;
}


