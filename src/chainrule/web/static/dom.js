/* Making elements. Text goes in as text, never as markup: names of columns and classes are anybody's. */

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** `el("button", {type: "button", onclick: f}, "Play")` makes an HTML element. */
export function el(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Puts these children into an element in place of what was there. */
export function refill(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Sets a text only if it differs, so that nothing is drawn again in vain. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A `<label>` with a `<select>`; `choices` are [value, text] pairs. */
export function select(label, choices, value, onchange) {
  const box = el("select", { onchange: () => onchange(box.value) }, choices.map(([v, text]) => el("option", { value: v }, text)));
  box.value = String(value);
  return el("label", { class: "field" }, el("span", null, label), box);
}

/** A toggle button: pressed or not. */
export function toggle(text, pressed, onclick) {
  return el("button", { type: "button", class: "chip", "aria-pressed": String(pressed), onclick }, text);
}
