/* The weights of each layer: a picture of the matrix and how they are spread. */
import { el, refill } from "../dom.js";
import { norm, histogram, picture } from "./spread.js";
import { histogramPicture, matrixPicture } from "./small.js";
import { brief, count } from "../numbers.js";

const MOST = 60;

export function create(element, source, state) {
  const grid = el("div", { class: "tiles" }), problem = el("p", { class: "empty", hidden: true }), more = el("p", { class: "note" });
  refill(element, el("p", { class: "note about" }, "Each weight as a colour (rows: inputs, columns: units), blue above and vermillion below zero, and how many have which size."), problem, grid, more);
  let busy = false;

  /** From the frame where it holds the weights, else from the source. */
  async function items() {
    const { weights } = state.frame;
    if (!weights || !Object.keys(weights).length) return source.view("weights", {});
    const entries = Object.entries(weights).slice(0, MOST);
    return { of: Object.keys(weights).length, items: entries.map(([path, a]) => ({ path, shape: a.shape, histogram: histogram(a.data), picture: picture(a), norm: norm(a.data) })) };
  }

  async function update() {
    if (!state.frame || busy) return;
    busy = true;
    try {
      const data = await items();
      refill(grid, data.items.map(tile));
      more.textContent = data.of > data.items.length ? `The first ${data.items.length} of ${data.of} variables.` : "";
      problem.hidden = true;
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
    busy = false;
  }

  return { update };
}

function tile({ path, shape, histogram: spread, picture: small, norm: size }) {
  const name = path.split("/").slice(-2).join("/"), numbers = shape.join(" × ") || "1";
  return el("figure", { class: "tile" }, el("figcaption", null, el("strong", { title: path }, name), el("span", { class: "note" }, ` ${numbers}${size === undefined ? "" : `, norm ${brief(size, 3)}`}`)),
    el("div", { class: "row tile-body" }, matrixPicture(small, `Picture of ${name}, ${count(shape.reduce((a, b) => a * b, 1))} numbers`), histogramPicture(spread, `Sizes of ${name}`)));
}
