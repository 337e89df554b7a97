/*
 * What the page shows at this moment, in one place. Panels read it, change it with `set`, and hear of changes
 * through `on`. Messages of the source end up here too (app.js).
 */
import { decode } from "./numbers.js";

const KEPT = 5000; // points of the curves; beyond that every second one goes

export class State {
  constructor() {
    this.handlers = new Set();
    this.start = null; // the first message: model, data, probe
    this.frame = null; // the newest one shown: weights, gradients, outputs
    this.place = null; // {epoch, step} of the training, by whichever message came last
    this.region = null; // predictions over the two axes, see region.js
    this.activations = null; // what every unit gives for the chosen observation
    this.derivation = null; // the last answer to a question
    this.refusal = ""; // what the last command was refused for
    this.status = null; // playing or paused, settings, what can be done
    this.end = null;
    this.epochs = []; // [{epoch, step, logs}]
    this.losses = []; // [{step, epoch, logs}] of frames, between epochs
    this.findings = [];
    this.connection = { state: "wait", message: "" };
    this.row = null; // number of an observation in the training data
    this.weight = null; // "dense/kernel[0,1]"
    this.unit = null; // {layer, index}, whose picture is shown large
    this.axes = [0, 1]; // features on the axes of the output region
    this.fixed = {}; // feature number to value, where it is not the data's median or mode
    this.mode = "weights"; // what the network shows: weights, gradients or activations
    this.notation = "lecture";
    this.digits = 4;
    this.theme = "auto";
  }

  /** Calls `handler(changed)` after each change; `changed` is a Set of names. Returns a function that ends this. */
  on(handler) {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  /** `state.set({row: 3})`. Names whose value is the same as before are no change. */
  set(changes) {
    const changed = new Set();
    for (const [name, value] of Object.entries(changes)) {
      if (this[name] === value) continue;
      this[name] = value;
      changed.add(name);
    }
    if (changed.size) for (const handler of this.handlers) handler(changed);
  }

  /** Takes a message of the source in. */
  take(kind, message) {
    this[`take_${kind}`](message);
  }

  take_start(start) {
    const probe = start.probe && { rows: numbersOf(start.probe.rows), x: decode(start.probe.x), y: decode(start.probe.y) };
    const again = this.start?.model?.name === start.model.name && this.start?.run?.started === start.run?.started;
    const chosen = again ? {} : { row: probe?.rows[0] ?? null, weight: firstWeight(start), unit: null, axes: axesOf(start), fixed: {} };
    this.set({ start: { ...start, probe }, frame: null, place: null, region: null, epochs: [], losses: [], findings: [], end: null, ...chosen });
  }

  take_frame(frame) {
    const arrays = (named) => named && Object.fromEntries(Object.entries(named).map(([path, a]) => [path, decode(a)]));
    const decoded = { ...frame, weights: arrays(frame.weights), gradients: arrays(frame.gradients), outputs: decode(frame.outputs) };
    const last = this.losses.at(-1), before = last?.step === frame.step ? last.logs : {}; // a weight changed by hand takes no point away
    if (trains(this.status)) this.set({ findings: kept(this.findings, frame.step) });
    this.set({ frame: decoded, place: placeOf(frame), losses: extended(this.losses, { step: frame.step, epoch: frame.epoch, logs: { ...before, ...frame.logs } }) });
  }

  /** Inputs of the probe that were changed by hand. */
  take_probe({ x, y }) {
    this.set({ start: { ...this.start, probe: { ...this.start.probe, x, y } } });
  }

  take_epoch(message) {
    this.set({ epochs: extended(this.epochs, message) });
  }

  take_finding(finding) {
    const others = this.findings.filter((f) => f.code !== finding.code || f.where !== finding.where);
    this.set({ findings: [...others, finding] });
  }

  take_status(status) {
    this.set({ status, ...(status.step === undefined ? {} : { place: placeOf(status) }) });
  }

  take_end(end) {
    this.set({ end });
  }

  take_connection(connection) {
    this.set({ connection });
  }
}

/** Where the training is, by the message that came last. */
function placeOf({ epoch, batch, step }) {
  return { epoch, batch, step };
}

/** Whether a model trains behind the page, so that going back undoes what came after. */
function trains(status) {
  return Boolean(status?.can?.set?.length) && !status.recording;
}

/** The findings without those of steps that have been taken back; the same array where there are none. */
function kept(findings, step) {
  return findings.some((f) => f.step > step) ? findings.filter((f) => !(f.step > step)) : findings;
}

function numbersOf(rows) {
  return Array.isArray(rows) ? rows : Array.from(decode(rows).data);
}

/** The points so far with one more; a step back takes those after it away. */
function extended(points, point) {
  const before = points.length && points[points.length - 1].step >= point.step ? points.filter((p) => p.step < point.step) : points;
  const kept = before.length < KEPT ? before : before.filter((_, i) => i % 2 === 0);
  return [...kept, point];
}

function firstWeight(start) {
  const weights = start.model.layers.flatMap((layer) => layer.weights ?? []);
  return weights.length ? `${weights[0].path}[${weights[0].shape.map(() => 0).join(",")}]` : null;
}

function axesOf(start) {
  const numeric = (start.data?.features ?? []).map((f, i) => [f, i]).filter(([f]) => f.kind === "number").map(([, i]) => i);
  return [numeric[0] ?? 0, numeric[1] ?? ((start.data?.features?.length ?? 0) > 1 ? 1 : 0)];
}
