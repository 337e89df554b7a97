/*
 * How numbers are printed in a derivation, digit for digit as `chainrule.glassbox.numbers` prints them:
 * rounded to some digits, never -0, and `=` only where nothing was rounded away.
 */
const MINUS = "−", LARGE = 1e7, EPSILON = 2 ** -52;

/** JavaScript rounds a tie up, Python to the even digit: `write(x, digits)` is toFixed or toExponential. */
function tiesToEven(write, value, digits) {
  const up = write(value, digits);
  const more = write(value, digits + 30).replace(/e.*/, "");
  if (!/50{29}$/.test(more)) return up;
  const cut = more.slice(0, digits ? -30 : -31); // without the digits rounded away, and without a bare point
  const last = cut.replace(".", "").slice(-1);
  return Number(last) % 2 === 0 ? cut + (/e.*/.exec(up)?.[0] ?? "") : up;
}

const fixedText = (value, digits) => tiesToEven((v, d) => v.toFixed(d), value, digits);
const exponentText = (value, digits) => tiesToEven((v, d) => v.toExponential(d), value, digits).replace("e+", "e");

export class Style {
  /** `single`: the model's numbers are float32, so a number counts as exact if it is the same float32 number. */
  constructor(digits = 4, single = true) {
    this.digits = digits;
    this.single = single;
  }

  /** Whether the printed number is the value itself. */
  exact(value) {
    return this.same(Number(this.plain(value)), value);
  }

  /** A number for a formula: all decimals if it was rounded, only the needed ones if it is exact. */
  number(value) {
    return this.plain(value).replaceAll("-", MINUS).replace("Infinity", "∞").replace("NaN", "nan");
  }

  plain(value) {
    if (value === 0 || !Number.isFinite(value)) return value === 0 ? "0" : String(value);
    const size = Math.abs(value);
    if (size >= LARGE) return this.scientific(value);
    const text = fixedText(value, this.digits);
    if (this.same(Number(text), value)) return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
    const smallest = this.digits >= 4 ? 10 ** -(this.digits - 1) : 0.5 * 10 ** -this.digits;
    return size < smallest ? this.scientific(value) : text;
  }

  scientific(value) {
    const text = exponentText(value, Math.max(this.digits - 1, 1));
    const [mantissa, exponent] = text.split("e");
    return `${this.same(Number(text), value) ? mantissa.replace(/\.?0+$/, "") : mantissa}e${exponent}`;
  }

  same(shown, value) {
    if (shown === value || Math.abs(shown - value) <= 4 * EPSILON * Math.abs(value)) return true;
    return this.single && shown !== 0 && Math.fround(shown) === Math.fround(value);
  }
}

/** The size of a difference: one digit and a power of ten, "7e-12". */
export function largest(value) {
  return value === 0 ? "0" : exponentText(value, 0);
}
