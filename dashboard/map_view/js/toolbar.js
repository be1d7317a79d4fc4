// The toolbar above the map: drag mode, dots or images, search for an image or a class, the selection.

import { button, element } from "./elements.js";

const MODES = {
  move: ["Move", "Drag to move the map, or to rotate it in 3-D (M)"],
  lasso: ["Lasso", "Draw around images to select them (L, or hold Shift)"],
  box: ["Box", "Select images in a rectangle (B)"],
};
const POINTS = { dots: ["Dots", "A dot for each image"], images: ["Images", "The images themselves"] };

export class Toolbar {
  // `on`: mode(name), points(name), fit(), fill(), search(text) -> a sentence on the result, clear(), and `menu`, an
  // element. `selection` is placed on the map by the view: in the toolbar it would shift the map.
  constructor(parent, on) {
    this.modes = group("Drag mode", MODES, on.mode);
    this.points = group("Points as", POINTS, on.points);
    this.found = element("output", { className: "found" });
    this.search = element("input", {
      type: "search",
      placeholder: "Search",
      title: "Find an image by its number, or a class by its name",
      "aria-label": "Find an image by its number, or a class by its name",
      onkeydown: (event) => {
        if (event.key === "Enter") this.found.textContent = on.search(event.target.value.trim());
      },
      onsearch: (event) => {
        if (!event.target.value) this.found.textContent = on.search("");
      },
    });
    this.selected = element("span", { className: "selected" });
    this.clear = button("Clear", on.clear, { title: "Clear the selection (Escape)" });
    this.selection = element("span", { className: "selection", hidden: true }, this.selected, this.clear);
    const mine = (event) => event.stopPropagation(); // not a gesture on the map below
    Object.assign(this.selection, { onpointerdown: mine, onpointermove: mine, ondblclick: mine });
    this.node = element(
      "div",
      { className: "toolbar", role: "toolbar", "aria-label": "Map" },
      this.modes.node,
      button("Whole map", on.fit, { title: "Show the whole map (0)" }),
      this.points.node,
      this.search,
      this.found,
      element("span", { className: "space" }),
      button("Full screen", on.fill, { title: "Show the map in full screen, or leave it (Escape)" }),
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
