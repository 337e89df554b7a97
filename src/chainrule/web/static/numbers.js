/* Numbers: as they arrive in messages, and as they are shown. */

const KINDS = {
  float32: Float32Array, float64: Float64Array, int8: Int8Array, int16: Int16Array, int32: Int32Array,
  uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array, bool: Uint8Array,
};

/**
 * Decodes `{dtype, shape, b64}` into `{shape, data}`, `data` being one flat typed array in C order.
 * Lists of numbers (and of "NaN", "Infinity") come out in the same form; what is decoded already stays.
 */
export function decode(message) {
  if (message === null || message === undefined) return null;
  if (message.data) return message;
  if (Array.isArray(message)) return fromLists(message);
  const bytes = Uint8Array.from(atob(message.b64), (c) => c.charCodeAt(0));
  if (message.dtype === "int64" || message.dtype === "uint64") {
    const wide = new (message.dtype === "int64" ? BigInt64Array : BigUint64Array)(bytes.buffer);
    return { shape: message.shape, data: Float64Array.from(wide, Number) };
  }
  return { shape: message.shape, data: new KINDS[message.dtype](bytes.buffer) };
}

function fromLists(lists) {
  const shape = [];
  for (let inner = lists; Array.isArray(inner); inner = inner[0]) shape.push(inner.length);
  return { shape, data: Float64Array.from(lists.flat(Infinity), number) };
}

/** A number of a message: those that are not finite come as words. */
export function number(value) {
  return value === null || value === undefined ? NaN : Number(value);
}

/** Row `i` of a decoded array of at least one axis, as a typed array. */
export function row(array, i) {
  const width = array.shape.slice(1).reduce((a, b) => a * b, 1);
  return array.data.subarray(i * width, (i + 1) * width);
}

/**
 * A number in `digits` decimals, with a true minus sign; very large and very small ones as powers of ten.
 * `show(-0.04871, 4)` is "−0.0487", `show(0.0000123)` is "1.2300e−5".
 */
export function show(value, digits = 4) {
  const x = number(value);
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "NaN" : x > 0 ? "∞" : "−∞";
  const size = Math.abs(x);
  const text = x !== 0 && (size >= 1e6 || size < 0.5 * 10 ** -digits) ? x.toExponential(Math.min(digits, 3)) : x.toFixed(digits);
  return text.replace("e+", "e").replaceAll("-", "−");
}

/** Always in `digits` decimals, unless it is too large for that: for shares, and where there is little room. */
export function fixed(value, digits) {
  return Math.abs(value) < 1e5 ? value.toFixed(digits).replace("-", "−") : show(value, digits);
}

/** As short as it can be said: 3, 0.25, 1.2e−5; for axes, settings and rows of data. */
export function brief(value, significant = 4) {
  const x = number(value);
  if (!Number.isFinite(x)) return show(x);
  const text = x !== 0 && (Math.abs(x) >= 1e6 || Math.abs(x) < 1e-4) ? x.toExponential(2).replace(/\.?0+e/, "e") : String(Number(x.toPrecision(significant)));
  return text.replace("e+", "e").replaceAll("-", "−");
}

/** A whole number with thin spaces between thousands. */
export function count(value) {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, "\u202f");
}

/** The place of a weight's number in its flat array: `offset([2, 3], [1, 0])` is 3. */
export function offset(shape, index) {
  return index.reduce((at, i, axis) => at * shape[axis] + i, 0);
}

/** Smallest and largest finite number; [0, 1] where there is none. */
export function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const v of values) {
    if (!Number.isFinite(v)) continue;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  return low <= high ? [low, high] : [0, 1];
}
