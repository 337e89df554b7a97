/* Pieces of mathematics, as one line of Unicode and as LaTeX at once: {text, latex}. */

const SUBSCRIPTS = letters("0123456789+−aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ");
const SUPERSCRIPTS = letters("0123456789+−abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ");

function letters(from, to) {
  const raised = Array.from(to);
  return new Map(Array.from(from, (c, i) => [c, raised[i]]));
}

function mapped(text, table) {
  const found = Array.from(text, (c) => table.get(c));
  return found.includes(undefined) ? null : found.join("");
}

/** A text in raised letters, or null where Unicode has none for it. */
export const superscript = (text) => mapped(text, SUPERSCRIPTS);

/** A text in lowered letters, or null where Unicode has none for it. */
export const subscript = (text) => mapped(text, SUBSCRIPTS);

export function math(text, latex = text) {
  return { text, latex };
}

export function joined(pieces, text, latex = text) {
  return math(pieces.map((p) => p.text).join(text), pieces.map((p) => p.latex).join(latex));
}

/** Escapes what LaTeX gives a meaning to; braces and backslashes become harmless. */
export function escape(text) {
  return text.replaceAll("{", "(").replaceAll("}", ")").replaceAll("\\", "/").replace(/[_#%&$]/g, "\\$&");
}

/** A name of several letters. */
export const word = (text) => math(text, `\\text{${escape(text)}}`);

/** A printed number in LaTeX: "2e−7" becomes "2 \cdot 10^{-7}". */
export function latexNumber(text) {
  const plain = text.replaceAll("−", "-").replaceAll("∞", "\\infty");
  if (!plain.includes("e")) return plain;
  const [mantissa, exponent] = plain.split("e");
  return `${mantissa} \\cdot 10^{${exponent}}`;
}

export function number(value, style) {
  const text = style.number(value);
  return math(text, latexNumber(text));
}

/** A number as a factor or a later term: negative ones in parentheses. */
export function factor(value, style) {
  const { text, latex } = number(value, style);
  if (text.startsWith("−")) return math(`(${text})`, `(${latex})`);
  return math(text, latex.includes("10^") ? `(${latex})` : latex);
}

export const times = (pieces, spaced = false) => joined(pieces, spaced ? " · " : "·", " \\cdot ");

/** A sum; of more than nine terms the middle is left out. */
export function plus(pieces) {
  const kept = pieces.length > 9 ? [...pieces.slice(0, 3), math("…", "\\dots"), pieces[pieces.length - 1]] : pieces;
  return joined(kept, " + ");
}

export function parentheses({ text, latex }) {
  return math(`(${text})`, latex.includes("\\frac") ? `\\left(${latex}\\right)` : `(${latex})`);
}

/** Whether a printed formula is a sum, a difference, a case or begins with a minus. */
export function isSum(text) {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const c = text[at];
    depth += ("([|".includes(c) && !(c === "|" && depth) ? 1 : 0) - (")]".includes(c) ? 1 : 0);
    if (c === "|") depth = depth ? 0 : 1;
    if (depth === 0 && [" + ", " − "].includes(text.slice(at, at + 3))) return true;
    if (depth === 0 && text.slice(at, at + 4) === " if ") return true;
  }
  return text.startsWith("−") || text.startsWith("Σ");
}

/** The piece fit for being a factor: sums, differences, negative numbers and cases in parentheses. */
export const wrapped = (piece) => (isSum(piece.text) ? parentheses(piece) : piece);
