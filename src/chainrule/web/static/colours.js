/* Colours of numbers and classes; those of text and panels are in style.css. */

const BLUE = [0, 114, 178], VERMILLION = [213, 94, 0];

/** Okabe and Ito's eight, for classes 0, 1, ...; always together with a marker. */
export const CLASSES = ["#D55E00", "#0072B2", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#F0E442", "#000000"];

/** Shapes of markers in the same order, as SVG paths around 0 with radius 1. */
export const MARKERS = [
  "M-1 0A1 1 0 1 0 1 0A1 1 0 1 0-1 0Z", "M-.9-.9H.9V.9H-.9Z", "M0-1.15 1.1.85H-1.1Z", "M0-1.25 1.05 0 0 1.25-1.05 0Z",
  "M0 1.15 1.1-.85H-1.1Z", "M-.35-1.1H.35V-.35H1.1V.35H.35V1.1H-.35V.35H-1.1V-.35H-.35Z", "M-1-.5 0-1.1 1-.5V.5L0 1.1-1 .5Z", "M-1.2-.4H1.2V.4H-1.2Z",
];

const CIVIDIS = [[0, 34, 78], [42, 63, 108], [87, 92, 109], [125, 124, 120], [165, 156, 116], [208, 190, 101], [254, 232, 56]];

function between(a, b, share) {
  return a.map((v, i) => Math.round(v + (b[i] - v) * share));
}

/** Vermillion below the middle, blue above it; the middle is white, or dark on dark pages. */
export function diverging(middle) {
  return (value, low, high) => {
    if (!Number.isFinite(value)) return [128, 128, 128];
    const share = high === low ? 0 : (2 * (value - low)) / (high - low) - 1;
    return between(middle, share < 0 ? VERMILLION : BLUE, Math.min(1, Math.abs(share)));
  };
}

/** Cividis: dark blue for small, yellow for large numbers. */
export function cividis(value, low, high) {
  if (!Number.isFinite(value)) return [128, 128, 128];
  const at = Math.min(1, Math.max(0, high === low ? 0.5 : (value - low) / (high - low))) * (CIVIDIS.length - 1);
  const i = Math.min(CIVIDIS.length - 2, Math.floor(at));
  return between(CIVIDIS[i], CIVIDIS[i + 1], at - i);
}

/** [r, g, b] of "#RRGGBB". */
export function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

/** The colour of class `c`, paler where it is less sure, on a background. */
export function classColour(c, sure, middle) {
  return between(middle, rgb(CLASSES[c % CLASSES.length]), 0.25 + 0.65 * sure);
}

/** Whether the page is dark now. */
export function isDark() {
  const theme = document.documentElement.dataset.theme;
  return theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
}

/** What lies between the two colours of a diverging scale on this page. */
export function middleColour() {
  return isDark() ? [34, 38, 44] : [250, 250, 250];
}
