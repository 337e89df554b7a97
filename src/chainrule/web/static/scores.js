/* How good predictions are, computed here: for recordings without a server. In the form of the server's views. */

const MOST_CLASSES = 24, Z = 1.959964;

export const REPEATS = 5;

const largest = (values) => values.reduce((best, v, i) => (v > values[best] ? i : best), 0);

/** Rows of outputs and targets as [{p: numbers, y: numbers}]. */
function pairs(outputs, targets) {
  const rows = targets.shape[0], n = outputs.data.length / rows, m = targets.data.length / rows;
  return Array.from({ length: rows }, (_, r) => ({ p: Array.from(outputs.data.subarray(r * n, (r + 1) * n)), y: Array.from(targets.data.subarray(r * m, (r + 1) * m)) }));
}

/** Whether a row's class was found: {truth, said, p: of the class said, yes: p of class 1}. */
function judged({ p, y }, signed) {
  if (p.length === 1) return { truth: Number(y[0] > (signed ? 0 : 0.5)), said: Number(p[0] > (signed ? 0 : 0.5)), p: p[0] };
  return { truth: y.length > 1 ? largest(y) : Math.round(y[0]), said: largest(p), p: Math.max(...p) };
}

function judgements(outputs, targets) {
  const signed = targets.data.includes(-1);
  return pairs(outputs, targets).map((pair) => judged(pair, signed));
}

export function confusionOf(start, outputs, targets) {
  const found = judgements(outputs, targets), n = start.data.classes?.length ?? 2, classes = (start.data.classes ?? ["0", "1"]).slice(0, MOST_CLASSES);
  if (n > MOST_CLASSES) classes[MOST_CLASSES - 1] = "others";
  const counts = classes.map(() => classes.map(() => 0)), place = (c) => Math.min(c, classes.length - 1);
  for (const { truth, said } of found) counts[place(truth)][place(said)] += 1;
  const width = outputs.data.length / targets.shape[0];
  return { classes, counts, accuracy: found.filter((f) => f.truth === f.said).length / found.length, threshold: width === 1 ? (targets.data.includes(-1) ? 0 : 0.5) : null };
}

export function calibrationOf(start, outputs, targets, bins = 10) {
  const width = outputs.data.length / targets.shape[0], found = judgements(outputs, targets);
  if (found.some((f) => f.p < 0 || f.p > 1 + 1e-6)) throw new Error("Calibration takes probabilities, but the outputs go beyond 0 and 1.");
  const rows = found.map((f) => [f.p, Number(width === 1 ? f.truth === 1 : f.truth === f.said)]), groups = Array.from({ length: bins }, () => []);
  for (const row of rows) groups[Math.min(bins - 1, Math.max(0, Math.ceil(row[0] * bins) - 1))].push(row);
  const used = groups.filter((g) => g.length), mean = (g, i) => g.reduce((sum, row) => sum + row[i], 0) / g.length;
  const counts = used.map((g) => g.length), predicted = used.map((g) => mean(g, 0)), observed = used.map((g) => mean(g, 1));
  const ranges = observed.map((share, i) => wilson(share, counts[i]));
  const brier = width === 1 ? mean(rows.map(([p, hit]) => [(p - hit) ** 2]), 0) : severalBrier(outputs, targets);
  return {
    kind: "probabilities", class: width === 1 ? start.data.classes?.[1] ?? "1" : "the predicted class", predicted, observed, counts, brier,
    low: ranges.map(([low]) => low), high: ranges.map(([, high]) => high), ece: counts.reduce((sum, n, i) => sum + n * Math.abs(observed[i] - predicted[i]), 0) / rows.length,
  };
}

function severalBrier(outputs, targets) {
  const rows = pairs(outputs, targets);
  return rows.reduce((sum, { p, y }) => sum + p.reduce((s, v, k) => s + (v - Number(k === (y.length > 1 ? largest(y) : Math.round(y[0])))) ** 2, 0), 0) / rows.length;
}

function wilson(share, n) {
  const middle = (share + Z ** 2 / (2 * n)) / (1 + Z ** 2 / n), half = (Z / (1 + Z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + Z ** 2 / (4 * n ** 2));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

export function residualsOf(outputs, targets, histogram) {
  const rows = pairs(outputs, targets).map(({ p, y }) => [p[0], y[0] - p[0], y[0]]), n = rows.length;
  const mean = (take) => rows.reduce((sum, row) => sum + take(row), 0) / n, y = mean((r) => r[2]), total = mean((r) => (r[2] - y) ** 2), squares = mean((r) => r[1] ** 2);
  return {
    kind: "residuals", predicted: rows.map((r) => r[0]), residuals: rows.map((r) => r[1]), ...histogram(rows.map((r) => r[1]), 20),
    rmse: Math.sqrt(squares), mae: mean((r) => Math.abs(r[1])), bias: mean((r) => r[1]), r2: total ? 1 - squares / total : NaN,
  };
}

/** How much the score falls when each column is shuffled; `predictOf(data)` gives outputs for changed inputs. */
export function importanceOf(start, x, targets, predictOf) {
  const classes = start.data.task !== "regression", [rows, n] = x.shape, random = generator(7);
  const score = (outputs) => (classes ? judgements(outputs, targets).filter((f) => f.truth === f.said).length / rows : residualsOf(outputs, targets, () => ({})).r2);
  const before = score(predictOf(x.data));
  const items = Array.from({ length: n }, (_, column) => {
    const drops = Array.from({ length: REPEATS }, () => before - score(predictOf(shuffled(x, column, random)))), mean = drops.reduce((a, b) => a + b, 0) / REPEATS;
    return { name: start.data.features[column]?.name ?? `x${column + 1}`, mean, spread: Math.sqrt(drops.reduce((s, d) => s + (d - mean) ** 2, 0) / REPEATS) };
  });
  const order = items.toSorted((a, b) => b.mean - a.mean).slice(0, 30);
  return { score: classes ? "accuracy" : "r2", before, repeats: REPEATS, features: n, items: order };
}

function shuffled({ shape, data }, column, random) {
  const [rows, n] = shape, made = Float64Array.from(data);
  for (let i = rows - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1)), [a, b] = [i * n + column, j * n + column];
    [made[a], made[b]] = [made[b], made[a]];
  }
  return made;
}

/** Random numbers that are the same each time (mulberry32). */
function generator(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
