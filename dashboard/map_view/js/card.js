// The card beside the cursor: the image itself, and what is known of it.

import { element } from "./elements.js";
import { told } from "./columns.js";

const SIZE = 128; // pixels of the image

export class Card {
  constructor(parent) {
    this.picture = element("canvas", { width: SIZE, height: SIZE });
    this.title = element("strong");
    this.facts = element("dl");
    this.node = element("div", { className: "card", hidden: true }, this.picture, this.title, this.facts);
    parent.append(this.node);
  }

  // `at`: pixels of the stage; `row`: id of the image; `thumbnails` may not have it yet: call `redraw` when they do.
  show({ row, index, columns, thumbnails, at, size }) {
    if (this.row !== row) {
      this.row = row;
      this.title.textContent = `Image ${row}`;
      const facts = columns.map((column) => [column.title, told(column, index)]).filter(([, words]) => words);
      this.facts.replaceChildren(
        ...facts.flatMap(([name, words]) => [
          element("dt", { textContent: name }),
          element("dd", { textContent: words }),
        ]),
      );
      this.node.dataset.row = row;
      delete this.node.dataset.drawn;
      this.picture.getContext("2d").clearRect(0, 0, SIZE, SIZE);
    }
    this.redraw(thumbnails);
    this.node.hidden = false;
    const [width, height] = [this.node.offsetWidth, this.node.offsetHeight];
    const left = at[0] + 18 + width > size[0] ? at[0] - 18 - width : at[0] + 18;
    const top = Math.min(Math.max(at[1] - height / 2, 4), size[1] - height - 4);
    this.node.style.transform = `translate(${Math.max(left, 4)}px, ${top}px)`;
  }

  redraw(thumbnails) {
    if (this.row === undefined || this.node.dataset.drawn) return;
    this.picture.hidden = thumbnails.offline && !thumbnails.get(this.row);
    if (thumbnails.draw(this.picture.getContext("2d"), this.row, 0, 0, SIZE)) this.node.dataset.drawn = "yes";
  }

  hide() {
    this.node.hidden = true;
    this.row = undefined;
  }
}
