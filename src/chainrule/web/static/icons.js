/* Small pictures for buttons. They only repeat what the button's text says. */
import { svg } from "./dom.js";

const SHAPES = {
  play: "M3 1.5v13l11-6.5z", pause: "M3 2h3.6v12H3zM9.4 2H13v12H9.4z", back: "M13 2 5 8l8 6zM3 2h2v12H3z",
  reset: "M8 2a6 6 0 1 0 6 6h-2a4 4 0 1 1-4-4v3l4.5-4L8 0z",
};

export function icon(name) {
  return svg("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: SHAPES[name] }));
}
