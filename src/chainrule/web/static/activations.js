/* The activation functions of chainrule: of single numbers, and along a vector. */
import { erf } from "./erf.js";

const sigmoid = (h) => 1 / (1 + Math.exp(-h));
const softplus = (h) => Math.max(h, 0) + Math.log1p(Math.exp(-Math.abs(h)));
const clip = (h, low, high) => Math.min(Math.max(h, low), high);
const SELU = [1.0507009873554804934193349852946, 1.6732632423543772848170429916717];

const PLAIN = {
  linear: (h) => h,
  sigmoid,
  tanh: Math.tanh,
  relu6: (h) => clip(h, 0, 6),
  selu: (h) => SELU[0] * (h > 0 ? h : SELU[1] * Math.expm1(h)),
  silu: (h) => h * sigmoid(h),
  softplus,
  softsign: (h) => h / (1 + Math.abs(h)),
  exponential: Math.exp,
  mish: (h) => h * Math.tanh(softplus(h)),
  log_sigmoid: (h) => -softplus(-h),
  tanh_shrink: (h) => h - Math.tanh(h),
  hard_sigmoid: (h) => clip(h + 3, 0, 6) / 6,
  hard_silu: (h) => (h * clip(h + 3, 0, 6)) / 6,
  hard_tanh: (h) => clip(h, -1, 1),
  sparse_plus: (h) => (h <= -1 ? 0 : h >= 1 ? h : (h + 1) ** 2 / 4),
  sparse_sigmoid: (h) => clip((h + 1) / 2, 0, 1),
};

const WITH_OPTIONS = {
  relu: ({ negative_slope = 0, max_value = null, threshold = 0 }) => (h) => (h > threshold ? Math.min(h, max_value ?? Infinity) : negative_slope * (h - threshold)),
  leaky_relu: ({ negative_slope = 0.2 }) => (h) => (h >= 0 ? h : negative_slope * h),
  elu: ({ alpha = 1 }) => (h) => (h > 0 ? h : alpha * Math.expm1(h)),
  celu: ({ alpha = 1 }) => (h) => (h > 0 ? h : alpha * Math.expm1(h / alpha)),
  gelu: ({ approximate = false }) => (approximate ? (h) => 0.5 * h * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (h + 0.044715 * h ** 3))) : (h) => 0.5 * h * (1 + erf(h / Math.SQRT2))),
  squareplus: ({ b = 4 }) => (h) => (h + Math.sqrt(h * h + b)) / 2,
  hard_shrink: ({ threshold = 0.5 }) => (h) => (Math.abs(h) > threshold ? h : 0),
  soft_shrink: ({ threshold = 0.5 }) => (h) => (h > threshold ? h - threshold : h < -threshold ? h + threshold : 0),
  threshold: ({ threshold, default_value }) => (h) => (h > threshold ? h : default_value),
};

function softmax(h) {
  const most = Math.max(...h), powers = h.map((v) => Math.exp(v - most));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((v) => v / sum);
}

function logSoftmax(h) {
  const most = Math.max(...h), sum = h.reduce((a, v) => a + Math.exp(v - most), 0);
  return h.map((v) => v - most - Math.log(sum));
}

function sparsemax(h) {
  const sorted = Array.from(h).sort((a, b) => b - a);
  let sum = 0, tau = -Infinity;
  sorted.forEach((v, n) => {
    sum += v;
    tau = Math.max(tau, (sum - 1) / (n + 1));
  });
  return h.map((v) => Math.max(v - tau, 0));
}

function glu(h) {
  const half = h.length / 2;
  return h.slice(0, half).map((v, i) => v * sigmoid(h[i + half]));
}

const OF_VECTORS = { softmax, log_softmax: logSoftmax, sparsemax, glu };

/** The function of single numbers by this name, or undefined. */
export function ofNumbers(name, options = {}) {
  return PLAIN[name] ?? WITH_OPTIONS[name]?.(options ?? {});
}

/** The function of vectors (arrays) by this name, or undefined. */
export function ofVectors(name) {
  return OF_VECTORS[name];
}
