/*
 * The page. `startApp(source)` puts every panel into its place in index.html and feeds them from the source.
 *
 * Each panel is one module with a function `panel(element, source, state)`; it reads the state and hears of changes.
 * Modules import and export by name only, one statement a line, without cycles: the offline file inlines them.
 */
import { State } from "./state.js";
import { lossPanel } from "./loss.js";

const KINDS = ["start", "frame", "epoch", "finding", "status", "end", "connection"];
const PANELS = { loss: lossPanel };

export function startApp(source) {
  const state = new State();
  for (const [id, panel] of Object.entries(PANELS)) panel(document.querySelector(`#${id} .body`), source, state);
  for (const kind of KINDS) source.on(kind, (message) => state.take(kind, message));
  source.open();
  return state;
}
