/* Fetches what the network predicts over the two features on the axes: the newest wish only, one at a time. */
import { decode } from "./numbers.js";
import { standing } from "./sliders.js";

const SIZE = 60; // points along an axis
const PAUSE_MS = 150;

export function regionFeed(source, state) {
  let busy = false, wanted = false;

  async function fetchOne() {
    const features = state.start?.data?.features ?? [];
    if (!features.length || !state.frame) return;
    const [x, y] = state.axes, fixed = Object.fromEntries(features.map((f, i) => [i, standing(state, i)]).filter(([i, v]) => state.fixed[i] !== undefined && Number.isFinite(v)));
    try {
      const region = await source.view("region", { x, y: features.length > 1 ? y : null, fixed, size: SIZE, units: true });
      const units = (region.units ?? []).map((u) => ({ ...u, values: decode(u.values) }));
      state.set({ region: { ...region, values: decode(region.values), units, axes: [x, y] }, regionWhy: "" });
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
      await fetchOne();
      await new Promise((done) => setTimeout(done, document.hidden ? 10 * PAUSE_MS : PAUSE_MS));
    }
    busy = false;
  }

  state.on((changed) => {
    if (["frame", "axes", "fixed"].some((n) => changed.has(n))) run();
  });
}
