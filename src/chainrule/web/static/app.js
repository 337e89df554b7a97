/*
 * The page. `startApp(source, more)` puts every panel into its place in index.html and feeds them from the source;
 * `more` are parts that not every page has: {settings, tabs, tools}.
 *
 * Each panel is one module with a function `panel(element, source, state)`; it reads the state and hears of changes.
 * Modules import and export by name only, one statement a line, without cycles: the offline file inlines them.
 * What is not wanted when the page opens is imported within a function, as in teacher.js.
 */
import { announcer } from "./announcer.js";
import { controls } from "./controls.js";
import { dataPanel } from "./data.js";
import { derivationPanel } from "./derivation.js";
import { refill } from "./dom.js";
import { healthPanel } from "./health.js";
import { inputsEditor } from "./inputs.js";
import { lossPanel } from "./loss.js";
import { networkPanel } from "./network_view.js";
import { outputPanel } from "./output.js";
import { regionFeed } from "./region_feed.js";
import { spare } from "./pace.js";
import { replaySlider } from "./replay.js";
import { helpButton } from "./shortcuts.js";
import { State } from "./state.js";
import { tabsPanel } from "./tabs.js";
import { tourButton } from "./teacher.js";
import { themeButton } from "./theme.js";
import { explainPanels } from "./words.js";

const KINDS = ["start", "frame", "epoch", "finding", "status", "end", "connection", "probe"];
const PANELS = { data: dataPanel, network: networkPanel, output: outputPanel, derivation: derivationPanel, loss: lossPanel, health: healthPanel, views: tabsPanel };

const at = (selector) => document.querySelector(selector);

export function startApp(source, { settings, tabs, tools = [] } = {}) {
  const state = new State();
  state.on((changed) => {
    if (changed.has("status") || changed.has("end")) spare(source.live && !state.end && state.status?.state === "playing" && !state.status.recording); // a recording trains nothing
  });
  regionFeed(source, state); // before the panels, so that they draw what it computes
  refill(at("#tools"), tourButton(source, state), ...tools.map((make) => make(source, state)), themeButton(state), helpButton(source, state));
  controls(at("#controls"), source, state, settings);
  replaySlider(at("#controls"), source, state);
  for (const [id, panel] of Object.entries(PANELS)) panel(at(`#${id} .body`), source, state, id === "views" ? tabs : undefined);
  explainPanels(source);
  inputsEditor(at("#data .body"), source, state);
  announcer(at("#live"), at("#notice"), state);
  state.on((changed) => {
    if (!changed.has("start")) return;
    const { run, model } = state.start;
    at("#run-name").textContent = [run?.name, model.name].filter((n, i, all) => n && (i === 0 || !all[0]?.toLowerCase().includes(n.toLowerCase()))).join(" · ");
    at("#foot").textContent = `chainrule ${run?.chainrule ?? ""} · ${model.parameters} parameters · loss ${model.loss ?? ""} · ${model.engine ?? ""} engine`;
    document.title = `${run?.name ?? model.name} · chainrule`;
  });
  for (const kind of KINDS) source.on(kind, (message) => state.take(kind, message));
  source.open();
  return state;
}
