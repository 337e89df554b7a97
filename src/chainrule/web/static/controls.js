/* The toolbar: play, pause, steps and back; settings that change while training goes on; where it is. */
import { el, refill, setText } from "./dom.js";
import { icon } from "./icons.js";
import { brief, count } from "./numbers.js";
import { eachFrame } from "./pace.js";
import { send } from "./send.js";

const STATES = { playing: "playing", paused: "paused", finished: "finished", stopped: "stopped" };
const STEP_HINTS = { sample: "Go on by one observation", batch: "Train on one batch", epoch: "Train for one epoch" };

/** `settingFields`: makes the settings, where there are such. */
export function controls(element, source, state, settingFields) {
  const order = (command) => () => send(source, state, command);
  const play = el("button", { type: "button", class: "primary", id: "play", onclick: () => send(source, state, { do: state.status?.state === "playing" ? "pause" : "play" }) });
  const back = el("button", { type: "button", id: "back", onclick: order({ do: "back" }) }, icon("back"), "Back");
  const steps = Object.keys(STEP_HINTS).map((by) => el("button", { type: "button", id: `step-${by}`, title: STEP_HINTS[by], onclick: order({ do: "step", by }) }, by));
  const reset = el("button", { type: "button", id: "reset", title: "Begin anew, with the first weights", onclick: order({ do: "reset" }) }, icon("reset"), "Reset");
  const joined = el("div", { class: "joined", role: "group", "aria-label": "Step by one" }, steps);
  const settings = settingFields?.(source, state);
  const where = el("strong"), more = el("div", { class: "note" });
  const progress = el("div", { class: "progress" }, where, more);
  refill(element, el("div", { class: "row" }, play, el("div", { class: "row" }, el("span", { class: "note" }, "Step"), joined), back, reset), settings?.element, progress);

  const draw = eachFrame(() => {
    const { status, end, start } = state;
    const playing = status?.state === "playing", over = ["finished", "stopped"].includes(status?.state) || (Boolean(end) && !status?.recording);
    const can = status?.can ?? {};
    if (play.dataset.playing !== String(playing)) {
      play.dataset.playing = String(playing);
      refill(play, icon(playing ? "pause" : "play"), playing ? "Pause" : "Play");
    }
    play.disabled = !status || (over && source.live);
    steps.forEach((button, i) => { button.hidden = !can.step?.includes(Object.keys(STEP_HINTS)[i]); button.disabled = over && source.live; });
    joined.parentElement.hidden = !can.step?.length;
    back.hidden = can.back === undefined;
    back.disabled = !can.back && !status?.sample;
    back.title = `Back to the last kept step${can.back_in_data === false ? "; its weights only: a stream of data goes on" : ""}`;
    reset.hidden = !source.live || over || can.reset === false;
    settings?.draw();
    const epochs = start?.training?.epochs, at = state.place;
    setText(where, at ? `epoch ${count(Math.min(epochs || Infinity, (at.epoch ?? 0) + (at.batch ? 1 : 0)))}${epochs ? ` / ${count(epochs)}` : ""}` : "");
    const word = status?.recording ? [playing && status.recording.state !== "live" ? "replaying" : "", status.recording.text].filter(Boolean).join(" · ") : end ? `ended: ${end.why}` : STATES[status?.state] ?? "";
    setText(more, at ? [`step ${count(at.step ?? 0)}`, lossText(state), word, sampleText(status)].filter(Boolean).join(" · ") : "waiting for the training …");
  });
  state.on((changed) => {
    const sample = changed.has("status") && state.status?.sample;
    if (sample && sample.row !== state.row) state.set({ row: sample.row });
    if (["status", "frame", "end", "start"].some((n) => changed.has(n))) draw();
  });
  draw();
}

/** The training's loss; of weights that came otherwise (the first ones, those changed by hand) that of the rows shown. */
function lossText({ frame, start }) {
  const loss = frame?.logs?.loss, now = frame?.probe_loss, rows = start?.probe?.rows.length;
  if (loss !== undefined) return `loss ${brief(loss)}`;
  return now === undefined || now === null || !rows ? "" : `loss ${brief(now)} of ${rows === 1 ? "1 row" : `${count(rows)} rows`}`;
}

function sampleText(status) {
  return status?.sample ? `observation ${status.sample.at + 1} of ${status.sample.of} of the next batch` : "";
}
