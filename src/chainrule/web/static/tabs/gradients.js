/* How large the gradients of each layer are, from the first to the last, and how they are spread. */
import { bars } from "../charts.js";
import { el, refill } from "../dom.js";
import { brief } from "../numbers.js";
import { histogramPicture } from "./small.js";
import { histogram, norm } from "./spread.js";

const MOST = 60;

export function create(element, source, state) {
  const flow = el("div", { class: "half" }), grid = el("div", { class: "tiles" }), problem = el("p", { class: "empty", hidden: true }), about = el("p", { class: "note" });
  refill(element, el("p", { class: "note about" }, "The gradient of the mean loss on the probe's observations. Norms that shrink from the last layer to the first vanish; norms that grow explode."), problem, el("div", { class: "split" }, flow, grid), about);
  let busy = false;

  async function items() {
    const { gradients } = state.frame;
    if (!gradients) return source.view("gradients", {});
    const all = Object.entries(gradients);
    return { of: all.length, items: all.slice(0, MOST).map(([path, a]) => ({ path, shape: a.shape, norm: norm(a.data), histogram: histogram(a.data) })) };
  }

  async function update() {
    if (!state.frame || busy) return;
    busy = true;
    try {
      draw(await items());
      problem.hidden = true;
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
    }
    busy = false;
  }

  function draw({ items: found, of }) {
    const ratios = new Map((state.frame.flow ?? []).map((f) => [f.path, f.ratio]));
    const short = (path) => path.split("/").slice(-2).join("/");
    bars(flow, found.map((i) => ({ label: short(i.path), value: i.norm, kind: 1 })), { title: "Norm of the gradient by layer", desc: found.map((i) => `${short(i.path)} ${brief(i.norm, 3)}`).join(", "), log: true, valueLabel: "norm", format: (v) => brief(v, 3) });
    refill(grid, found.map((i) => {
      const ratio = ratios.get(i.path);
      const moved = ratio === null || ratio === undefined ? "" : `moves by ${brief(100 * ratio, 2)} % a step`;
      return el("figure", { class: "tile" }, el("figcaption", null, el("strong", { title: i.path }, short(i.path)), el("span", { class: "note" }, ` ${moved}`)), histogramPicture(i.histogram, `Gradient of ${short(i.path)}`));
    }));
    about.textContent = of > found.length ? `The first ${found.length} of ${of} variables.` : "";
  }

  return { update };
}
