/* Formulas come as MathML within HTML tables. Only known elements and attributes get onto the page. */

const ELEMENTS = new Set(["div", "p", "h2", "h3", "table", "thead", "tbody", "tr", "td", "th", "span", "b", "i", "em", "strong", "code", "ul", "ol", "li", "details", "summary", "br",
  "math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "msub", "msup", "msubsup", "mfrac", "msqrt", "mroot", "mover", "munder", "munderover", "mtable", "mtr", "mtd", "mfenced", "mstyle", "mpadded", "menclose", "input", "label"]);
const ATTRIBUTES = new Set(["class", "colspan", "rowspan", "scope", "title", "displaystyle", "display", "stretchy", "fence", "mathvariant", "accent", "linethickness", "columnalign", "xmlns", "open", "name", "type", "size", "width", "lspace", "rspace", "for", "id", "autocomplete", "inputmode"]);

function clean(node) {
  for (const child of [...node.children]) {
    const name = child.localName;
    if (!ELEMENTS.has(name)) {
      child.remove();
      continue;
    }
    const allowed = (attribute) => (attribute === "aria-label" ? name === "input" : ATTRIBUTES.has(attribute) || attribute.startsWith("data-"));
    for (const { name: attribute } of [...child.attributes]) if (!allowed(attribute)) child.removeAttribute(attribute);
    clean(child);
  }
  return node;
}

/** The elements of a text of HTML, without anything that could act or restyle the page. */
export function safeHtml(text) {
  const parsed = new DOMParser().parseFromString(String(text).replace(/<style[\s\S]*?<\/style>/gi, ""), "text/html");
  return [...clean(parsed.body).childNodes].map((node) => document.importNode(node, true));
}
