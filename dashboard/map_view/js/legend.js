// The legend: classes that can be hidden one by one, or a scale.

import { counts, css, number, range, scale } from "./columns.js";
import { button, element } from "./elements.js";

export class Legend {
  // `change(hidden)` gets the Set of codes to hide.
  constructor(parent, change) {
    this.node = element("div", { className: "legend", role: "group" });
    this.change = change;
    this.hidden = new Set();
    parent.append(this.node);
  }

  show(column, { grey, dark }) {
    this.column = column;
    this.grey = grey;
    this.hidden = new Set();
    this.node.setAttribute("aria-label", `Colours: ${column.title}`);
    const title = element("div", { className: "legend-title", textContent: column.title });
    this.node.replaceChildren(title, ...(column.kind === "class" ? this._classes(grey) : [bar(column, dark)]));
  }

  // Show only one class; if it is the only one already, show all.
  only(code) {
    const codes = this.buttons.map(([each]) => each);
    const alone = codes.every((each) => this.hidden.has(each) === (each !== code));
    this.hidden = new Set(alone ? [] : codes.filter((each) => each !== code));
    this._update();
  }

  all() {
    this.hidden = new Set();
    this._update();
  }

  // The visible classes with their colours: [{name, colour}].
  entries() {
    const { column, hidden } = this;
    if (column.kind !== "class") return [];
    return this.buttons
      .filter(([code]) => !hidden.has(code))
      .map(([code]) => ({ name: column.names[code] ?? "not known", colour: column.colours[code] ?? this.grey }));
  }

  _classes(grey) {
    const { column } = this;
    const found = counts(column);
    const names = [...column.names, "not known"];
    const colours = [...column.colours, grey];
    this.buttons = names
      .map((name, code) => [code, name])
      .filter(([code]) => found[code])
      .map(([code, name]) => {
        const swatch = element("span", { className: "swatch" });
        swatch.style.background = colours[code];
        const count = element("span", { className: "count", textContent: found[code].toLocaleString("en") });
        const label = element("span", { className: "name", textContent: name });
        const node = button("", (event) => (event.shiftKey ? this.only(code) : this._toggle(code)), {
          title: `${name}: a click hides or shows it, a double click shows nothing else`,
          ondblclick: () => this.only(code),
          "aria-pressed": "true",
        });
        node.append(swatch, label, count);
        return [code, node];
      });
    return this.buttons.map(([, node]) => node);
  }

  _toggle(code) {
    if (!this.hidden.delete(code)) this.hidden.add(code);
    this._update();
  }

  _update() {
    for (const [code, node] of this.buttons) node.setAttribute("aria-pressed", String(!this.hidden.has(code)));
    this.change(this.hidden);
  }
}

function bar(column, dark) {
  const { low, high } = range(column);
  const stops = Array.from({ length: 11 }, (_, i) => css(scale(i / 10, dark)));
  const strip = element("div", { className: "scale" });
  strip.style.background = `linear-gradient(to right, ${stops.join(",")})`;
  const ends = [low, high].map((value) => element("span", { textContent: number(value, column.unit) }));
  return element("div", { className: "bar-of-colours" }, strip, element("div", { className: "ends" }, ...ends));
}
