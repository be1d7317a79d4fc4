// The line above the map: what a drag does, how points are drawn, looking for an image or a class, what is selected.

import { button, element } from "./elements.js";

const MODES = {
  move: ["Move", "Drag moves the map, or turns it where it is 3-D (M)"],
  lasso: ["Lasso", "Draw around images to select them (L, or hold Shift)"],
  box: ["Box", "Select images in a rectangle (B)"],
};
const POINTS = { dots: ["Dots", "A dot for each image"], images: ["Images", "The images themselves"] };

export class Toolbar {
  // `on`: mode(name), points(name), fit(), fill(), search(text) -> what was found in words, clear(), and `menu`, an
  // element. `selection` is placed by the view, on the map: in the line it would make room for itself by moving the map.
  constructor(parent, on) {
    this.modes = group("What a drag does", MODES, on.mode);
    this.points = group("How points are drawn", POINTS, on.points);
    this.found = element("output", { className: "found" });
    this.search = element("input", {
      type: "search",
      placeholder: "Search",
      title: "An image by its number, a class by its name",
      "aria-label": "Search an image by its number, or a class by its name",
      onkeydown: (event) => {
        if (event.key === "Enter") this.found.textContent = on.search(event.target.value.trim());
      },
      onsearch: (event) => {
        if (!event.target.value) this.found.textContent = on.search("");
      },
    });
    this.selected = element("span", { className: "selected" });
    this.clear = button("Clear", on.clear, { title: "Select nothing (Escape)" });
    this.selection = element("span", { className: "selection", hidden: true }, this.selected, this.clear);
    const mine = (event) => event.stopPropagation(); // and no gesture on the map below
    Object.assign(this.selection, { onpointerdown: mine, onpointermove: mine, ondblclick: mine });
    this.node = element(
      "div",
      { className: "toolbar", role: "toolbar", "aria-label": "Map" },
      this.modes.node,
      button("Whole map", on.fit, { title: "Show all of it (0)" }),
      this.points.node,
      this.search,
      this.found,
      element("span", { className: "space" }),
      button("Full screen", on.fill, { title: "The map on the whole screen, and back (Escape)" }),
      on.menu,
    );
    parent.append(this.node);
  }

  select(count) {
    this.selection.hidden = !count;
    this.selected.textContent = `${count.toLocaleString("en")} selected`;
  }
}

function group(label, choices, choose) {
  const node = element("span", { className: "choices", role: "group", "aria-label": label });
  const buttons = Object.entries(choices).map(([name, [text, title]]) => [
    name,
    button(text, () => choose(name), { title }),
  ]);
  node.append(...buttons.map(([, each]) => each));
  const press = (chosen) => {
    for (const [name, each] of buttons) each.setAttribute("aria-pressed", String(name === chosen));
  };
  return { node, press };
}
