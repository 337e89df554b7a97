/* Says now and then, to those who listen to the page, where the training is; and shows what went wrong to all. */
import { brief } from "./numbers.js";

const PAUSE_MS = 10_000;

export function announcer(live, notice, state) {
  let last = 0, said = "";
  function say() {
    const { frame, status } = state;
    const text = frame ? `${status?.state ?? ""}, epoch ${frame.epoch + 1}, step ${frame.step}${frame.logs?.loss === undefined ? "" : `, loss ${brief(frame.logs.loss, 3)}`}` : "";
    if (text === said || performance.now() - last < PAUSE_MS) return;
    last = performance.now();
    said = text;
    live.textContent = text;
  }
  state.on((changed) => {
    if (changed.has("frame") || changed.has("status")) say();
    if (!changed.has("connection") && !changed.has("refusal") && !changed.has("status")) return;
    const text = state.refusal || state.connection.message || "";
    notice.hidden = !text;
    notice.textContent = text;
  });
}
