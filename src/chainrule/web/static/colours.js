/* Colours of numbers and classes; those of text and panels are in style.css. */

const BLUE = [0, 114, 178], VERMILLION = [213, 94, 0];

/** Okabe and Ito's eight, for classes 0, 1, ...; the last is white on dark pages. */
export const CLASSES = ["#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000"];

/** Markers as SVG paths around 0 with a radius of about 1: circle, square, triangle, diamond, down, plus, cross, star. */
export const MARKERS = [
  "M-1 0A1 1 0 1 0 1 0A1 1 0 1 0-1 0Z", "M-.9-.9H.9V.9H-.9Z", "M0-1.15 1.1.85H-1.1Z", "M0-1.25 1.05 0 0 1.25-1.05 0Z",
  "M0 1.15 1.1-.85H-1.1Z", "M-.37-1.1H.37V-.37H1.1V.37H.37V1.1H-.37V.37H-1.1V-.37H-.37Z",
  "M-1.05-.55-.55-1.05 0-.5.55-1.05 1.05-.55.5 0 1.05.55.55 1.05 0 .5-.55 1.05-1.05.55-.5 0Z",
  "M0-1.25.3-.4 1.2-.39.48.15.74 1.01 0 .5-.74 1.01-.48.15-1.2-.39-.3-.4Z",
];

/** Cividis, from dark (low) to bright (high). */
export const CIVIDIS = [
  "#00224e", "#002e6a", "#1a386f", "#32436d", "#434e6c", "#535a6d", "#61656f", "#6f7073", "#7d7c78",
  "#8c8878", "#9b9476", "#aba072", "#bcae6c", "#cdbb63", "#dec958", "#f0d846", "#fee838",
].map(rgb);

/** Colour and marker of class `number`; the first 64 all look different. */
export function classStyle(number) {
  const n = CLASSES.length, colour = CLASSES[number % n];
  return { colour: colour === "#000000" && isDark() ? "#ffffff" : colour, marker: MARKERS[(number + Math.floor(number / n)) % n] };
}

function between(a, b, share) {
  return a.map((v, i) => Math.round(v + (b[i] - v) * share));
}

/** Vermillion below the middle, blue above it; the middle is white, or dark on dark pages; paler with less strength. */
export function diverging(middle, strength = 1) {
  return (value, low, high) => {
    if (!Number.isFinite(value)) return [128, 128, 128];
    const share = high === low ? 0 : (2 * (value - low)) / (high - low) - 1;
    return between(middle, share < 0 ? VERMILLION : BLUE, strength * Math.min(1, Math.abs(share)));
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
  return between(middle, rgb(classStyle(c).colour), 0.25 + 0.65 * sure);
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
