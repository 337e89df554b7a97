/* Where a grid of numbers crosses a level: marching squares, as an SVG path. */

const SIDES = { 1: [[3, 0]], 2: [[0, 1]], 3: [[3, 1]], 4: [[1, 2]], 5: [[3, 2], [0, 1]], 6: [[0, 2]], 7: [[3, 2]], 8: [[2, 3]], 9: [[2, 0]], 10: [[3, 0], [1, 2]], 11: [[2, 1]], 12: [[1, 3]], 13: [[1, 0]], 14: [[0, 3]] };

/**
 * @param grid {rows, columns, at: (i, j) -> number}
 * @param x, y functions from column and row (with fractions) to the picture
 */
export function contour(grid, level, x, y) {
  let path = "";
  for (let i = 0; i + 1 < grid.rows; i += 1) {
    for (let j = 0; j + 1 < grid.columns; j += 1) {
      const [a, b, c, d] = [grid.at(i, j), grid.at(i, j + 1), grid.at(i + 1, j + 1), grid.at(i + 1, j)];
      const which = (a > level) + 2 * (b > level) + 4 * (c > level) + 8 * (d > level);
      const share = (p, q) => (q === p ? 0.5 : (level - p) / (q - p));
      const ends = [() => [j + share(a, b), i], () => [j + 1, i + share(b, c)], () => [j + share(d, c), i + 1], () => [j, i + share(a, d)]];
      for (const [from, to] of SIDES[which] ?? []) {
        const [p, q] = [ends[from](), ends[to]()];
        path += `M${x(p[0]).toFixed(1)} ${y(p[1]).toFixed(1)}L${x(q[0]).toFixed(1)} ${y(q[1]).toFixed(1)}`;
      }
    }
  }
  return path;
}
