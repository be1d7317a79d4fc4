// Creating elements of the page, and text in files of HTML and SVG.

// <name> with properties (attributes if they have a dash, or are role or for) and children.
export function element(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role") node.setAttribute(key, value);
    else node[key] = value;
  }
  node.append(...children);
  return node;
}

export function button(label, onclick, properties = {}) {
  return element("button", { type: "button", textContent: label, onclick, ...properties });
}

// Text, such as a name, in HTML or SVG that is written as text. XML has no control characters, and reads \r as \n.
export function escaped(text) {
  const codes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;" };
  return text.replace(/[&<>"\r]/g, (character) => codes[character]).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
}
