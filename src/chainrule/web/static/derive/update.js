/* What plain gradient descent makes of the derivatives: each weight, and the loss before and after. */
import { latexNumber, math, number } from "./math.js";
import { print } from "./printing.js";
import { oriented } from "./backward.js";
import { Run } from "./run.js";
import { norm } from "./writer.js";

const MOST_LINES = 64;
const RULE = ["-", ["name", "w"], ["*", ["name", "eta"], ["name", "g"]]];

/** Whether the training's optimizer is w ← w − η·∂ℓ/∂w, whatever else it has been told. */
export function isPlain(start) {
  const o = start.training?.optimizer;
  const more = ["momentum", "weight_decay", "clipnorm", "clipvalue", "global_clipnorm", "use_ema", "gradient_accumulation_steps", "loss_scale_factor"];
  return o?.name === "sgd" && more.every((name) => !o[name]) && !JSON.stringify(start.model.config ?? {}).includes("_constraint\":{");
}

/** The weights after one step by this observation: {path: values}. */
export function stepped(run, rate) {
  return Object.fromEntries(run.variables.filter((v) => v.trainable).map((v) => [v.path, Array.from(v.values, (value, at) => value - rate * v.gradient[at])]));
}

/** The section of the update; `weights` are all of the model's. */
export function updateSection(w, weights, x, rate) {
  const { run } = w, after = stepped(run, rate), lines = [], g = w.partial(math("w"));
  const trained = run.variables.filter((v) => v.trainable);
  const few = trained.reduce((n, v) => n + v.values.length, 0) <= MOST_LINES;
  for (const v of trained) {
    const block = run.blocks.find((b) => b.kernel === v || b.bias === v);
    lines.push(...(few && w.scalar(block) ? each(w, v, after[v.path], rate) : whole(w, v, after[v.path])));
  }
  const changed = { ...weights, ...Object.fromEntries(trained.map((v) => [v.path, { shape: v.shape, data: after[v.path] }])) };
  const before = w.style.number(run.total), formula = math(`${before} before, after the update`, `${latexNumber(before)} \\text{ before, after the update}`);
  lines.push(w.line(w.target, formula, null, new Run(run.start, changed, x, run.given, true).total));
  const rule = math(`w ← w − η·${g.text}`, `w \\leftarrow w - \\eta \\, ${g.latex}`);
  return { title: `Update, learning rate η = ${w.style.number(rate)}`, rule, lines, notes: [], level: 1, key: "update" };
}

function each(w, v, after, rate) {
  const order = after.map((_, at) => at);
  if (v.shape.length === 2) order.sort((a, b) => (a % v.shape[1]) - (b % v.shape[1]) || a - b);
  return order.map((at) => {
    const numbers = print(RULE, {}, { w: v.values[at], eta: rate, g: v.gradient[at] }, (value) => w.style.number(value));
    return w.line(w.symbol(v, at), null, numbers, after[at]);
  });
}

function whole(w, v, after) {
  const change = norm(after.map((value, at) => value - v.values[at]));
  return [w.arrayLine(w.whole(v), null, ...oriented(w, v, after), `moved by ${number(change, w.style).text}`)];
}

