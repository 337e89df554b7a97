/*
 * A recording as a source: its frames are replayed, and everything else is computed here: outputs (network.js),
 * derivations (derive.js), the data of the tabs. Weights can be changed as on the live page; nothing is trained.
 */
import { derive, whyNotDerive } from "./derive.js";
import { blanked } from "./derive/blanks.js";
import { nodeToHtml, pageToHtml } from "./derive/html.js";
import { Run } from "./derive/run.js";
import { stateOf } from "./derive/update.js";
import { meanLoss, surfaceOf } from "./landscape.js";
import { predict, whyNotForward } from "./network.js";
import { decode, offset, row } from "./numbers.js";
import { calibrationOf, confusionOf, importanceOf, REPEATS, residualsOf } from "./scores.js";
import { Source } from "./source.js";
import { histogram } from "./tabs/spread.js";

const SECONDS = 12; // a whole replay takes about this long
const MOST_GRADIENTS = 64, MOST_PARAMETERS = 20000, MOST_WORK = 3e9; // rows that gradients are averaged over after a change by hand

const arraysOf = (named) => named && Object.fromEntries(Object.entries(named).map(([path, a]) => [path, decode(a)]));

function decoded({ weights, gradients, outputs, optimizer }) {
  return { weights: arraysOf(weights), gradients: arraysOf(gradients), outputs: outputs && decode(outputs), optimizer: stateOf(optimizer) };
}

export class OfflineSource extends Source {
  /** `messages`: start, frames, epochs, findings, end, as in a run file; `note`: what was left out of them. */
  constructor(messages, note = "") {
    super();
    const of = (kind) => messages.filter((m) => m.kind === kind);
    [this.start] = of("start");
    this.frames = of("frame");
    this.epochs = of("epoch");
    this.findings = of("finding");
    [this.end] = of("end");
    this.kept = null; // the frame with weights changed by hand
    this.own = null; // the probe with inputs changed by hand
    this.undo = []; // what was there before each change: {kept, own}
    this.changesInputs = !whyNotForward(this.start) && this.start.probe?.x?.shape?.length === 2;
    this.timer = 0;
    this.speed = null;
    this.replay = { count: this.frames.length, at: this.frames.length - 1, note, seek: (i) => this.seek(i) };
  }

  async open() {
    this.emit("start", this.start);
    for (const kind of ["epochs", "findings"]) for (const message of this[kind]) this.emit(message.kind, message);
    if (!this.frames.length) {
      this.emit("connection", { state: "closed", message: "This file holds no frames of the training, only its curves." });
      return;
    }
    this.emit("connection", { state: "open", message: "" });
    this.seek(this.frames.length - 1);
  }

  // -- replay

  seek(i) {
    this.replay.at = Math.max(0, Math.min(this.frames.length - 1, i));
    this.kept = this.own ? this.computed(this.recorded) : null;
    this.undo = this.own ? [{ kept: null, own: null }] : [];
    this.show();
  }

  /** The decoded frame shown: as recorded, or with changes. */
  get frame() {
    return this.kept ?? this.recorded;
  }

  get recorded() {
    const given = this.frames[this.replay.at];
    given.decoded ??= decoded(given);
    return { ...given, ...given.decoded, decoded: null };
  }

  show() {
    this.emit("frame", this.frame);
    this.emit("status", this.status());
  }

  status() {
    const frame = this.frames[this.replay.at], { training } = this.start, steps = training.steps_per_epoch, step = frame?.step ?? 0;
    const [epoch, batch] = steps ? [Math.floor(step / steps), step % steps] : [(frame?.epoch ?? 0) + (step ? 1 : 0), 0];
    return {
      kind: "status", state: this.timer ? "playing" : "paused", epoch, batch, step, cost: 0,
      settings: { learning_rate: frame?.learning_rate ?? training.optimizer?.learning_rate, optimizer: training.optimizer?.name, batch_size: training.batch_size },
      can: { set: [], step: [], back: this.undo.length || this.replay.at },
    };
  }

  play() {
    if (this.replay.at >= this.frames.length - 1) this.seek(0);
    const pause = Math.max(60, Math.min(1000, (1000 * SECONDS) / Math.max(1, this.frames.length)));
    this.timer = setInterval(() => {
      this.seek(this.replay.at + 1);
      if (this.replay.at >= this.frames.length - 1) this.pause();
    }, pause);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = 0;
    this.emit("status", this.status());
  }

  async command(command) {
    const todo = { play: () => this.play(), pause: () => this.pause(), step: () => this.seek(this.replay.at + 1), back: () => this.back(), edit: () => this.edit(command), input: () => this.input(command) }[command.do];
    if (!todo) throw new Error("A recording cannot train on: start chainrule's live page for that.");
    if (command.do !== "play" && this.timer) this.pause();
    todo();
    this.emit("status", this.status());
    return { ok: true, status: this.status() };
  }

  back() {
    if (!this.undo.length) return this.seek(this.replay.at - 1);
    const before = this.undo.pop(), other = before.own !== this.own;
    Object.assign(this, before);
    if (other) this.emit("probe", this.probe());
    return this.show();
  }

  // -- changes by hand

  edit({ path, index, value }) {
    const before = this.frame, array = before.weights?.[path];
    if (!array) throw new Error(`There is no weight '${path}' in this frame.`);
    const data = array.data.slice();
    data[offset(array.shape, index)] = value;
    this.undo.push({ kept: this.kept, own: this.own });
    this.kept = this.computed({ ...before, weights: { ...before.weights, [path]: { shape: array.shape, data } } });
    this.show();
  }

  input({ row: number, feature, value }) {
    const { x, y } = this.probe(), at = this.place(number), data = x.data.slice();
    data[at * x.shape[1] + feature] = value;
    this.undo.push({ kept: this.kept, own: this.own });
    this.own = { x: { shape: x.shape, data }, y };
    this.kept = this.computed(this.frame);
    this.emit("probe", this.own);
    this.show();
  }

  /** The place of an observation in the probe. */
  place(number) {
    const { rows } = this.start.probe, at = (Array.isArray(rows) ? rows : Array.from(decode(rows).data)).indexOf(number);
    if (at < 0) throw new Error(`Observation ${number + 1} is not among those of the recording.`);
    return at;
  }

  /** A frame with what follows from its weights: outputs, gradients, the loss on the probe. */
  computed(frame) {
    const { x, y } = this.probe(), made = { ...frame, gradients: null, edited: true };
    if (!whyNotForward(this.start)) {
      const outputs = predict(this.start, frame.weights, this.inputs(x)), rows = x.shape[0];
      made.outputs = { shape: [rows, ...outputs.shape], data: outputs.data };
      if (y && this.start.formulas?.loss) made.logs = { ...frame.logs, loss: meanLoss(this.start.formulas.loss, made.outputs, y) };
    }
    if (y && !whyNotDerive(this.start) && this.start.model.parameters <= MOST_PARAMETERS) made.gradients = this.gradients(frame.weights, x, y);
    return made;
  }

  gradients(weights, x, y) {
    const rows = Math.min(MOST_GRADIENTS, x.shape[0]), sums = {};
    for (let r = 0; r < rows; r += 1) {
      for (const v of new Run(this.start, weights, row(x, r), row(y, r)).variables) {
        if (!v.trainable) continue;
        sums[v.path] ??= { shape: v.shape, data: new Float64Array(v.values.length) };
        v.gradient.forEach((g, at) => { sums[v.path].data[at] += g / rows; });
      }
    }
    return sums;
  }

  probe() {
    if (this.own) return this.own;
    this.decodedProbe ??= { x: decode(this.start.probe.x), y: decode(this.start.probe.y) };
    return this.decodedProbe;
  }

  inputs(x) {
    return [{ shape: x.shape.slice(1), data: Float64Array.from(x.data) }];
  }

  // -- questions

  async derivation(question) {
    const { page, node, check, update } = this.derived(question), { frame } = this;
    return { step: frame.step, row: question.row, html: pageToHtml(page), node: node && { ...node, html: nodeToHtml(node) }, check, update };
  }

  async quiz({ blanks: count, seed, ...question }) {
    const { page: whole, loss } = this.derived(question), { page, blanks } = blanked(whole, loss, count, seed);
    const task = "Work out the numbers that are missing; the same letter stands for the same number.";
    return { html: `<div class="cr-quiz"><p>${task}</p>${pageToHtml(page)}</div>`, blanks };
  }

  derived({ row: number, weight, notation, digits }) {
    const { frame, start } = this;
    const why = whyNotDerive(start);
    if (why) throw new Error(why);
    if (!frame.weights) throw new Error("This frame holds no weights: they were too large for the recording.");
    const at = this.place(number), { x, y } = this.probe();
    return derive({
      start, weights: frame.weights, x: row(x, at), y: row(y, at), row: number, rows: start.data.rows, rate: frame.learning_rate, state: frame.optimizer, weight, notation, digits,
      classNames: start.data.task === "multiclass" || start.data.task === "binary" ? start.data.classes : undefined,
    });
  }

  async view(name, parameters) {
    const make = { surface: () => this.surface(parameters), confusion: () => this.scored(confusionOf), calibration: () => this.calibration(), importance: () => this.importance() }[name];
    if (!make) throw new Error("The recording does not hold what this view needs.");
    return make();
  }

  /** What scores need; an Error says why there is none. */
  scored(score, ...more) {
    const { frame, start } = this, { y } = this.probe();
    if (!y || !frame.outputs) throw new Error("The recording holds no outputs and targets to compare.");
    if (!frame.outputs.data.every(Number.isFinite)) throw new Error("Some outputs of the model are not finite numbers, so they cannot be judged.");
    return { step: frame.step, rows: y.shape[0], of: start.data.rows, ...score(start, frame.outputs, y, ...more) };
  }

  calibration() {
    if (this.start.data.task !== "regression") return this.scored(calibrationOf);
    return this.scored((_, outputs, targets) => residualsOf(outputs, targets, histogram));
  }

  importance() {
    const { frame, start } = this, { x, y } = this.probe(), why = whyNotForward(start);
    if (why || x.shape.length !== 2) throw new Error(why || "This view takes models whose input is one row of numbers.");
    const passes = x.shape[0] * x.shape[1] * start.model.parameters * REPEATS;
    if (passes > MOST_WORK) throw new Error("The model has too many features and weights for this page: chainrule.inspect.permutation_importance(model, x, y) computes this in Python.");
    if (!frame.outputs?.data.every(Number.isFinite)) throw new Error("Some outputs of the model are not finite numbers, so they cannot be judged.");
    const predictOf = (data) => ({ data: predict(start, frame.weights, this.inputs({ shape: x.shape, data })).data });
    return { step: frame.step, rows: y.shape[0], of: start.data.rows, ...importanceOf(start, x, y, predictOf) };
  }

  surface(parameters) {
    const { start } = this, why = whyNotForward(start) || (start.formulas?.loss ? "" : "The recording does not hold the formula of the loss.");
    if (why) throw new Error(why);
    const frames = this.frames.slice(0, this.replay.at + 1).filter((f) => f.weights).map((f) => ({ step: f.step, weights: (f.decoded ??= decoded(f)).weights }));
    return surfaceOf({ start, frames, frame: this.frame, ...this.probe() }, parameters ?? {});
  }
}
