/* The slider through a recording's frames, where the source has them. */
import { el, refill, setText } from "./dom.js";
import { eachFrame } from "./pace.js";

export function replaySlider(element, source, state) {
  const slider = el("input", { type: "range", min: 0, "aria-label": "Frame of the recording", oninput: () => source.replay.seek(Number(slider.value)) });
  const text = el("span", { class: "note" });
  const box = el("div", { id: "replay", class: "row", hidden: true }, slider, text);
  refill(element, ...element.children, box);
  const draw = eachFrame(() => {
    const { replay } = source;
    box.hidden = !replay;
    if (!replay) return;
    slider.max = String(replay.count - 1);
    slider.value = String(replay.at);
    setText(text, `frame ${replay.at + 1} of ${replay.count}${replay.note ? ` (${replay.note})` : ""}`);
  });
  state.on((changed) => { if (["start", "frame", "status"].some((n) => changed.has(n))) draw(); });
}
