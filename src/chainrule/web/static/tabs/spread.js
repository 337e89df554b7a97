/* Arrays in few numbers: histograms and small pictures, as the server's views give them too. */

/** {edges, counts, not_finite} of the numbers of an array, in at most so many bins; few numbers get few. */
export function histogram(data, most = 30) {
  let low = Infinity, high = -Infinity, bad = 0;
  for (const v of data) {
    if (!Number.isFinite(v)) { bad += 1; continue; }
    if (v < low) low = v;
    if (v > high) high = v;
  }
  if (low > high) return { edges: [0, 1], counts: [0], not_finite: bad };
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const bins = Math.min(most, 1 + Math.round(3 * Math.cbrt(data.length - bad)));
  const counts = new Array(bins).fill(0), width = (high - low) / bins;
  for (const v of data) if (Number.isFinite(v)) counts[Math.min(bins - 1, Math.floor((v - low) / width))] += 1;
  return { edges: Array.from({ length: bins + 1 }, (_, i) => low + i * width), counts, not_finite: bad };
}

const SIDE = 48;

/** A matrix as one of at most 48 rows and columns, each number the mean of those it stands for. */
export function picture({ shape, data }) {
  const rows = shape.length > 1 ? shape[0] : 1, columns = data.length / rows;
  const down = Math.min(SIDE, rows), across = Math.min(SIDE, columns), values = new Float32Array(down * across), n = new Float32Array(down * across);
  data.forEach((v, k) => {
    const at = Math.floor((Math.floor(k / columns) * down) / rows) * across + Math.floor(((k % columns) * across) / columns);
    values[at] += v;
    n[at] += 1;
  });
  return { rows: down, columns: across, values: values.map((v, i) => v / n[i]) };
}

/** Euclidean norm. */
export function norm(data) {
  let sum = 0;
  for (const v of data) sum += v * v;
  return Math.sqrt(sum);
}
