/* Keeps the pictures of predictions up to date: computed here where the network is known, else asked for; one at a time. */
import { decode } from "./numbers.js";
import { activationsHere, regionHere, sizeFor } from "./region.js";

const PAUSE_MS = 120;

/** From the source, where this page cannot compute it. */
async function asked(source, state) {
  const [x, y] = state.axes, several = state.start.data.features.length > 1;
  const region = await source.view("region", { x, y: several ? y : null, fixed: state.fixed, size: 48, units: true });
  return { ...region, axes: [x, y], values: decode(region.values), units: (region.units ?? []).map((u) => ({ ...u, values: decode(u.values) })) };
}

export function regionFeed(source, state) {
  let busy = false, wanted = false;

  async function one() {
    const { start } = state;
    if (!start?.data?.features?.length || !state.frame) return;
    const size = sizeFor(start);
    try {
      state.set({ region: size ? regionHere(state, size) : await asked(source, state), regionWhy: "" });
    } catch (error) {
      state.set({ region: null, regionWhy: error.message });
    }
  }

  async function run() {
    wanted = true;
    if (busy) return;
    busy = true;
    while (wanted) {
      wanted = false;
      const began = performance.now();
      await one();
      const took = performance.now() - began;
      await new Promise((done) => setTimeout(done, document.hidden ? 2000 : Math.max(PAUSE_MS, 3 * took)));
    }
    busy = false;
  }

  state.on((changed) => {
    if (changed.has("frame") || changed.has("row")) state.set({ activations: activationsHere(state) });
    if (["frame", "axes", "fixed"].some((n) => changed.has(n))) run();
  });
}
