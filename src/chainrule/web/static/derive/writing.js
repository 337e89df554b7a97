/* What the parts of a formula look like in text and in LaTeX. */
import { subscript, superscript } from "./math.js";

const GREEK = {
  alpha: "α", beta: "β", gamma: "γ", delta: "δ", epsilon: "ε", eta: "η", theta: "θ", lam: "λ", pi: "π", sigma: "σ", tau: "τ", ell: "ℓ",
};
const COMPARISONS = { Gt: ">", Lt: "<", GtE: "≥", LtE: "≤", Eq: "=", NotEq: "≠" };
const LATEX_COMPARISONS = { Gt: ">", Lt: "<", GtE: "\\ge", LtE: "\\le", Eq: "=", NotEq: "\\ne" };
const LATEX_FUNCTIONS = ["log", "tanh", "cosh", "max", "min", "exp"];

const digits = (text) => /^\p{Nd}+$/u.test(text);

/** One line of Unicode: `1/(1 + e⁻ʰ)`. */
export const TEXT = {
  minus: "−", times: "·", dots: "…", stacksFractions: false,
  number: (text) => text.replaceAll("-", "−"),
  symbol: (name) => GREEK[name] ?? name,
  subscript(name, index) {
    const plain = index.replaceAll(" ", "").replaceAll("-", "−");
    return name + (subscript(plain) || `[${plain}]`);
  },
  parentheses: (text) => `(${text})`,
  bracket: (text) => `[${text}]`,
  fraction: (top, bottom) => `${top}/${bottom}`,
  power(base, exponent) {
    const raised = superscript(exponent);
    if (raised && (base === "e" ? /\p{L}/u.test(exponent) : digits(exponent))) return base + raised;
    const plain = Array.from(exponent).length === 1 || digits(exponent.replace(".", ""));
    return plain ? `${base}^${exponent}` : `${base}^(${exponent})`;
  },
  abs: (text) => `|${text}|`,
  sqrt: (text, atom) => (atom ? `√${text}` : `√(${text})`),
  function: (name, given) => `${GREEK[name] ?? name}(${given})`,
  kronecker: (i, j) => `δ${subscript(i + j) || `[${i},${j}]`}`,
  sum: (index, body) => `Σ${subscript(index) || index} ${body}`,
  comparison: (name) => COMPARISONS[name],
  word: (text) => text,
  cases: (cases, otherwise) => cases.map(([value, condition]) => `${value} if ${condition} else `).join("") + otherwise,
};

/** LaTeX: `\frac{1}{1 + e^{-h}}`. */
export const LATEX = {
  minus: "-", times: " \\cdot ", dots: "\\dots", stacksFractions: true,
  number: (text) => text.replaceAll("−", "-"),
  symbol(name) {
    if (name === "lam") return "\\lambda";
    if (name in GREEK) return `\\${name}`;
    return name.length === 1 ? name : `\\mathrm{${name}}`;
  },
  subscript: (name, index) => `${name}_{${index}}`,
  parentheses: (text) => (text.includes("\\frac") || text.includes("\\sum") ? `\\left(${text}\\right)` : `(${text})`),
  bracket: (text) => `\\left[${text}\\right]`,
  fraction: (top, bottom) => `\\frac{${top}}{${bottom}}`,
  power: (base, exponent) => (exponent.length === 1 ? `${base}^${exponent}` : `${base}^{${exponent}}`),
  abs: (text) => `\\left|${text}\\right|`,
  sqrt: (text) => `\\sqrt{${text}}`,
  function(name, given) {
    const plain = LATEX_FUNCTIONS.includes(name) ? `\\${name}` : `\\operatorname{${name}}`;
    return (name === "sigma" ? "\\sigma" : plain) + LATEX.parentheses(given);
  },
  kronecker: (i, j) => `\\delta_{${i}${j}}`,
  sum: (index, body) => `\\sum_{${index}} ${body}`,
  comparison: (name) => LATEX_COMPARISONS[name],
  word: (text) => `\\text{ ${text} }`,
  cases(cases, otherwise) {
    const rows = cases.map(([value, condition]) => `${value} & \\text{if } ${condition}`);
    return `\\begin{cases}${[...rows, `${otherwise} & \\text{otherwise}`].join(" \\\\ ")}\\end{cases}`;
  },
};
