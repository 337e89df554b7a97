/*
 * Exercises: a derivation in which some numbers are missing, chosen, hidden and explained as by `chainrule.glassbox.quiz`.
 *
 * A blank is {name, symbol, decimals, shown, low, high, hint, line, part, key, rule}: a letter, the line it stands on,
 * between which numbers an answer is right, and where on the page the line is.
 */
import { escaped } from "./mathml.js";
import { latexNumber, math } from "./math.js";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** A page with at most `count` blanks, drawn by `seed`, in its lines: {page, blanks}; `loss` is the symbol of the loss. */
export function blanked(page, loss, count, seed) {
  const blanks = chosen(candidates(page), count, seed).map((blank, k) => asked({ ...blank, name: LETTERS[k] }, loss));
  if (!blanks.length) throw new Error("This derivation has no line with a number of its own to ask for.");
  const sections = page.sections.map((section) => ({ ...section, lines: section.lines.map((line) => without(line, blanks)) }));
  return { page: { ...page, sections }, blanks };
}

/** The lines whose number is new on the page and follows from a formula. */
function candidates({ sections }) {
  const found = [];
  let part = "", rule = "", results = "", inside = "";
  for (const section of sections) {
    if (section.level === 1 && section.title) [part, rule] = [section.title, section.rule?.text ?? ""];
    for (const line of section.lines) {
      const texts = [line.formula, line.numbers].filter((p) => p?.text).map((p) => p.text);
      inside += ` ${texts.join(" ")}`;
      if (Number.isFinite(line.value) && texts.length && !Number.isInteger(line.value) && !line.note) {
        const known = line.exact ? results : results + inside; // 0.5 may stand in a formula by chance
        if (!numberIn(line.shown.text.replace(/^−/, "")).test(known)) found.push({ line, part, rule, key: section.key });
      }
      results += line.shown ? ` ${line.shown.text}` : "";
    }
  }
  return found;
}

/** Some of them, in turn from each part of the page, rounded numbers first: an exact one may stand elsewhere by chance. */
function chosen(found, count, seed) {
  const random = numbers(seed), parts = new Map();
  for (const blank of found) parts.set(blank.part, [...(parts.get(blank.part) ?? []), { blank, at: random() + (blank.line.exact ? 1 : 0) }]);
  const ordered = [...parts.values()].map((members) => members.sort((a, b) => a.at - b.at).map((m) => m.blank));
  const inTurn = Array.from({ length: found.length }, (_, k) => ordered.flatMap((members) => members.slice(k, k + 1))).flat();
  const picked = new Set(inTurn.slice(0, count));
  return found.filter((blank) => picked.has(blank));
}

/** Numbers between 0 and 1, the same for a seed (Mulberry32). */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A blank with what a field asks for: right is what is off by one in the last digit at most. */
function asked(blank, loss) {
  const { line } = blank, shown = line.shown.text, [mantissa, exponent] = shown.split("e");
  const places = /\.(\d+)/.exec(mantissa)?.[1].length ?? 0;
  const off = places || exponent ? 1.0001 * 10 ** (Number((exponent ?? "0").replace("−", "-")) - places) : 1e-9;
  const made = { ...blank, symbol: line.symbol.text, decimals: places, shown, low: line.value - off, high: line.value + off };
  return { ...made, hint: hintOf(made, loss) };
}

// -- hiding

/** The pattern of a printed number that is not a part of another one. */
const numberIn = (size) => new RegExp(pattern(size), "gu");

const pattern = (size) => `(?<![\\d.])${size.replace(/[.\\{}^$*+?()[\]|]/g, "\\$&")}(?![\\d.e]| \\\\cdot 10)`;

function without(line, blanks) {
  let { formula, numbers: put, shown, field } = line;
  for (const b of blanks) {
    const { exact } = b.line;
    if (put && (!exact || formula?.text.includes(b.symbol))) put = hidden(put, b);
    if (!exact && formula) formula = hidden(formula, b);
    if (!exact && shown) shown = hidden(shown, b);
    if (b.line === line) field = fieldOf(b);
  }
  return { ...line, formula, numbers: put, shown, field };
}

function hidden(piece, { line, name, shown }) {
  const size = shown.replace(/^−/, ""), negative = line.value < 0;
  return math(replaced(piece.text, size, "−", `[${name}]`, negative), replaced(piece.latex, latexNumber(size), "-", `\\boxed{\\mathbf{${name}}}`, negative));
}

/** The text with a mark for the number, which has the number's sign. */
function replaced(text, size, minus, mark, negative) {
  const number = pattern(size), signed = new RegExp(`\\(${minus}${number}\\)|(?<![\\p{L}\\p{N}_)}] )${minus}${number}`, "gu");
  return text.replace(signed, () => (negative ? mark : `(${minus}${mark})`)).replace(new RegExp(number, "gu"), () => (negative ? `(${minus}${mark})` : mark));
}

const fieldOf = ({ name, symbol, decimals }) => `<label><b aria-hidden="true">${name}</b><input type="number" autocomplete="off" name="${name}" aria-label="${escaped(`${name}: ${symbol}, ${decimals} decimals`)}"><span class="cr-yes">✓ right</span><span class="cr-not">✗ not yet</span></label>`;

// -- hints

function ruleOf({ symbol, key, line }, loss) {
  const formula = line.formula?.text ?? "";
  if (key === "update") return symbol === loss ? "the loss once more, computed with the new weights" : "the update: the old weight minus the learning rate times its derivative, as the optimizer has it";
  if (symbol.startsWith("∂")) return ruleOfDerivative(symbol, formula, loss);
  if (symbol === loss || formula.includes("y")) return "the loss: how far the prediction is from the target";
  const at = formula.indexOf("(");
  return at > 0 && at <= 10 ? "the activation function, applied to the weighted sum" : "the weighted sum: each input times its weight, and the bias";
}

function ruleOfDerivative(symbol, formula, loss) {
  if (formula.includes("∂") && formula.includes(" + ")) return "the chain rule over several paths: multiply along each path, add the paths up";
  if (formula.endsWith("· 1")) return "the chain rule; a bias adds to the sum as it is, so its own factor is 1";
  if (formula.includes("∂")) return "the chain rule: the derivative that comes from behind, times the derivative of this step";
  return symbol.startsWith(`∂${loss}/`) ? "the derivative of the loss with respect to the prediction" : "the derivative of the activation function";
}

function hintOf(blank, loss) {
  const { key, rule, symbol, line } = blank, name = ruleOf(blank, loss);
  if (key === "update") return rule && symbol !== loss ? `${name}; ${rule}` : name;
  return line.formula ? `${name}; ${symbol} = ${line.formula.text}` : name;
}
