/* Single weights by name: "dense/kernel[0,1]". */
import { offset } from "./numbers.js";

/** {path, index} of a name, or null. */
export function parseWeight(name) {
  const found = /^(.*)\[([\d,\s]*)\]$/.exec(name ?? "");
  return found && { path: found[1], index: found[2].split(",").filter((s) => s.trim()).map(Number) };
}

export function weightName(path, index) {
  return `${path}[${index.join(",")}]`;
}

/** The number of a weight in the newest frame; `which` is "weights" or "gradients". Undefined where it is not known. */
export function numberOf(state, name, which = "weights") {
  const weight = parseWeight(name), array = weight && state.frame?.[which]?.[weight.path];
  return array ? array.data[offset(array.shape, weight.index)] : undefined;
}

/** All variables of the model: [{path, shape, layer}]. */
export function variables(start) {
  return (start?.model.layers ?? []).flatMap((layer) => (layer.weights ?? []).map((w) => ({ ...w, layer: layer.name })));
}
