// Morphing from one map to the other: a slider, and a button that moves it.

import { button, element } from "./elements.js";

const SECONDS = 2.4; // from one end to the other

export class Morph {
  // `change(part)` gets a number from 0, the first map, to 1, the second.
  constructor(parent, change) {
    this.change = change;
    this.slider = element("input", {
      type: "range",
      min: 0,
      max: 1,
      step: 0.001,
      value: 0,
      "aria-label": "From the first map to the second",
      oninput: () => this._move(Number(this.slider.value)),
    });
    this.play = button("Play", () => this._play(), { className: "play" });
    this.ends = [element("span"), element("span")];
    this.node = element("div", { className: "morph", hidden: true }, this.play, this.ends[0], this.slider, this.ends[1]);
    parent.append(this.node);
  }

  show(titles) {
    this.node.hidden = false;
    titles.forEach((title, i) => (this.ends[i].textContent = title));
  }

  // Hidden: only the first map is drawn.
  hide() {
    this.node.hidden = true;
    this._stop();
    this.slider.value = 0;
  }

  _move(part) {
    this._stop();
    this.change(part);
  }

  _play() {
    if (this.playing) {
      this._stop();
      return;
    }
    const start = Number(this.slider.value);
    const end = start < 0.5 ? 1 : 0;
    const seconds = SECONDS * Math.abs(end - start);
    const began = performance.now();
    this.play.textContent = "Pause";
    const step = (now) => {
      const time = Math.min(Math.max((now - began) / 1000 / seconds, 0), 1);
      const part = start + (end - start) * time * time * (3 - 2 * time);
      this.slider.value = part;
      this.change(part);
      if (time < 1) this.playing = requestAnimationFrame(step);
      else this._stop();
    };
    this.playing = requestAnimationFrame(step);
  }

  _stop() {
    cancelAnimationFrame(this.playing);
    this.playing = null;
    this.play.textContent = "Play";
  }
}
