// The card at the cursor: the image and its values.

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

  // `at`: pixels of the stage; `row`: id of the image. Call `redraw` when `thumbnails` have received the image.
  show({ row, index, columns, thumbnails, at }) {
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
    this._place(at);
  }

  // Next to a point, within the visible part of the stage.
  _place([x, y]) {
    const [width, height] = [this.node.offsetWidth, this.node.offsetHeight];
    const stage = this.node.parentElement.getBoundingClientRect();
    const bottom = Math.min(stage.height, innerHeight - stage.top) - height - 6;
    const left = x + 18 + width > stage.width ? x - 18 - width : x + 18;
    const top = Math.max(Math.min(y - height / 2, bottom), -stage.top, 4);
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
