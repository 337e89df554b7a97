/* Keeps the pictures of predictions up to date: computed here where the network is known, else asked for; one at a time. */
import { decode } from "./numbers.js";
import { eachFrame, sparing } from "./pace.js";
import { activationsHere, regionHere, sizeFor } from "./region.js";

const PAUSE_MS = 120, HIDDEN_MS = 2000;
const SPARING_WORK = 4e6; // multiplications for a picture, while a model trains: coarser than when it rests

/** From the source, where this page cannot compute it. */
async function asked(source, state) {
  const [x, y] = state.axes, several = state.start.data.features.length > 1;
  const region = await source.view("region", { x, y: several ? y : null, fixed: state.fixed, size: 48, units: true });
  return { ...region, axes: [x, y], values: decode(region.values), units: (region.units ?? []).map((u) => ({ ...u, values: decode(u.values) })) };
}

export function regionFeed(source, state) {
  let resting = false, wanted = false;

  const size = () => sizeFor(state.start, sparing() ? SPARING_WORK : undefined);

  /** No other one for so long; then the one that was wanted meanwhile. */
  function rest(ms) {
    resting = ms > 0;
    if (resting) setTimeout(() => {
      resting = false;
      if (wanted) run();
    }, ms);
  }

  /** Within a drawing, so that the region is of the weights that are drawn with it. */
  const here = eachFrame(() => {
    if (!state.frame) return; // of a training that has just begun
    const began = performance.now();
    state.set({ region: regionHere(state, size()), regionWhy: "" });
    if (!sparing()) rest(Math.max(PAUSE_MS, 3 * (performance.now() - began)));
  });

  async function there() {
    const began = performance.now();
    resting = true;
    const given = await asked(source, state).then((region) => ({ region, regionWhy: "" }), (error) => ({ region: null, regionWhy: error.message }));
    state.set(given);
    rest(document.hidden ? HIDDEN_MS : Math.max(PAUSE_MS, 3 * (performance.now() - began)));
  }

  function run() {
    wanted = resting;
    if (resting || !state.frame || !state.start?.data?.features?.length) return;
    if (sizeFor(state.start)) here();
    else there();
  }

  state.on((changed) => {
    if (changed.has("frame") || changed.has("row")) state.set({ activations: activationsHere(state) });
    const finer = changed.has("status") && state.region && state.start && sizeFor(state.start) && size() > state.region.size[1];
    if (finer || ["frame", "axes", "fixed"].some((n) => changed.has(n))) run();
  });
}
