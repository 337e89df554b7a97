/*
 * What the network view draws: columns of units from left to right, with the kernel that leads to each.
 * A column: {name, title, units, names, kernel, bias, linked, activation, after, block}; `linked` says that the
 * column before it feeds it, `after` names layers that follow and have no units of their own.
 */

export const MOST_UNITS = 16; // more are drawn as one block

function inputColumn(start) {
  const features = start.data?.features ?? [];
  return { name: "inputs", title: "Inputs", units: features.length, names: features.map((f) => f.name), after: [], block: features.length > MOST_UNITS };
}

function kernelOf(layer) {
  return (layer.weights ?? []).find((w) => w.path.endsWith("kernel") && w.shape.length === 2);
}

/** Whether each layer feeds the next one only. */
export function isChain(start) {
  return Array.isArray(start.forward) && start.forward.every((op, i) => op.inputs.length === 1 && (i === 0 || op.inputs[0] === start.forward[i - 1].output));
}

export function columnsOf(start) {
  const chain = isChain(start), columns = [inputColumn(start)];
  for (const layer of start.model.layers) {
    const kernel = kernelOf(layer), before = columns[columns.length - 1];
    if (!kernel) {
      if (layer.class !== "InputLayer") before.after.push(layer.name);
      continue;
    }
    const units = kernel.shape[1];
    const bias = (layer.weights ?? []).find((w) => w.path.endsWith("bias") && w.shape.length === 1);
    columns.push({
      name: layer.name, title: layer.name, class: layer.class, units, names: [], kernel: kernel.path, bias: bias?.path, activation: layer.activation,
      linked: chain && before.units === kernel.shape[0], inputs: kernel.shape[0], after: [], block: units > MOST_UNITS,
    });
  }
  const last = columns[columns.length - 1];
  if (columns.length > 1) last.isOutput = true;
  return columns;
}

/** Where columns and units lie in a picture of a width: {width, height, size, columns: [{x, ys}]}. */
export function placed(columns, width) {
  const most = Math.max(1, ...columns.map((c) => (c.block ? 4 : c.units)));
  const pitch = Math.max(34, Math.min(104, 460 / most));
  const size = Math.min(56, pitch - 8, (width - 120) / (columns.length * 1.6));
  const left = Math.min(104, Math.max(46, width * 0.15)), right = Math.min(64, Math.max(34, width * 0.08));
  const top = 44, height = Math.max(210, top + most * pitch + 16), middle = top + (height - top - 8) / 2;
  const gap = columns.length > 1 ? (width - left - right - size) / (columns.length - 1) : 0;
  const places = columns.map((column, i) => {
    const n = column.block ? 1 : column.units;
    return { x: left + size / 2 + i * gap, ys: Array.from({ length: n }, (_, k) => middle + (k - (n - 1) / 2) * pitch) };
  });
  return { width, height, size, pitch, gap, middle, columns: places };
}
