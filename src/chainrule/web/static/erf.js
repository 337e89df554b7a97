/* The error function, which gelu and some derivations need. */

/** The error function to double precision: its series near 0, a continued fraction far off. */
export function erf(x) {
  const a = Math.abs(x), square = a * a;
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let term = a, sum = a;
    for (let n = 1; n < 100 && Math.abs(term) > 1e-18 * sum; n += 1) {
      term *= -square / n;
      sum += term / (2 * n + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = 0;
  for (let k = 60; k > 0; k -= 1) fraction = k / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-square) / ((a + fraction) * Math.sqrt(Math.PI)));
}
