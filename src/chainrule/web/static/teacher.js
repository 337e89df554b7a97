/* The button of the tour, and how modules are fetched when they are first wanted. */
import { el } from "./dom.js";

/** A function that fetches, then does; what cannot be fetched is told in the notice line. */
export function later(state, fetched, act) {
  let made = null;
  return async () => {
    try {
      made ??= await fetched();
    } catch {
      state.set({ refusal: "This part of the page could not be fetched: is the program still running?" });
      return;
    }
    act(made);
  };
}

export function tourButton(source, state) {
  const onclick = later(state, () => import("./tour.js"), ({ startTour }) => startTour(source, state));
  return el("button", { type: "button", id: "tour-button", onclick }, "Tour");
}
