// The map view: fetches its data once, draws, and reports to Python what was picked.

import { look, meanings, search } from "./actions.js";
import { count, packed, read, unpacked } from "./bits.js";
import { Card } from "./card.js";
import { colouring, fetched, lightness, shown, valuesOf } from "./columns.js";
import { Downloads } from "./downloads.js";
import { belowTitles, draw, drawOver, seen } from "./drawing.js";
import { element } from "./elements.js";
import { lay } from "./geometry.js";
import { listen } from "./gestures.js";
import { Legend } from "./legend.js";
import { Morph } from "./morph.js";
import { Overlay } from "./overlay.js";
import { cameras, framed } from "./panels.js";
import { Scene } from "./scene.js";
import { Thumbnails } from "./thumbnails.js";
import { Toolbar } from "./toolbar.js";
import { glide } from "./travel.js";

const AROUND = 260; // pixels left for what stands around a map further down the page
const BELOW = 24; // pixels between a map in the first screen and the end of that screen
const LEAST = 380; // pixels, the smallest height of a map
const PROJECTED = 1.5; // scale on a projector
const THEME = ["background-color", "secondary-background-color", "text-color", "primary-color", "border-color", "gray-text-color", "base-radius", "button-radius"].map(
  (name) => `--st-${name}`,
);

export class View {
  constructor(component) {
    this.root = component.parentElement.querySelector(".map-view");
    this.files = new Map(); // URL -> its content
    this.mode = "move";
    this.hidden = new Set();
    this.chosen = null;
    this.clicked = null;
    this.times = 0;
    this.hovered = -1;
    this.part = 0;
    this.fresh = new Set(); // panels whose screen positions are up to date
    this._build();
    this.work = Promise.resolve();
    this.update(component);
  }

  // Streamlit calls this whenever data or theme change; changes are applied one after the other.
  update(component) {
    this.component = component;
    this.work = this.work.then(() => this._apply(component)).catch((error) => this._say(error.message));
    return this.work;
  }

  destroy() {
    this.stopListening?.();
    this.watching.disconnect();
    cancelAnimationFrame(this.frame);
    this.scene?.destroy();
  }

  _build() {
    this.menu = element("span", { className: "menu" });
    this.toolbar = new Toolbar(this.root, {
      mode: (name) => this.setMode(name),
      points: (name) => this._setPoints(name),
      fit: () => this.fit(),
      fill: () => (document.fullscreenElement ? document.exitFullscreen() : this.root.requestFullscreen()),
      search: (text) => search(this, text),
      clear: () => this.choose(null),
      menu: this.menu,
    });
    this.toolbar.node.inert = true; // until there is a map
    this.dots = element("canvas", { className: "dots", "aria-hidden": "true" });
    this.over = element("canvas", { className: "over", "aria-hidden": "true" });
    this.titles = element("div", { className: "titles" });
    this.note = element("div", { className: "note", role: "status", textContent: "Loading the map" });
    this.spoken = element("div", { className: "spoken", role: "status", "aria-live": "polite" });
    this.stage = element(
      "div",
      { className: "stage", tabIndex: 0, role: "application" },
      this.dots,
      this.over,
      this.titles,
      this.toolbar.selection,
      this.note,
    );
    this.body = element("div", { className: "body" }, this.stage);
    this.root.append(this.body, this.spoken);
    this.morph = new Morph(this.root, (part) => {
      this.part = part;
      this.touch();
    });
    new Downloads(this.menu, this);
    this.card = new Card(this.stage);
    this.legend = new Legend(this.body, (hidden) => this._hide(hidden));
    this.watching = new ResizeObserver(() => this.touch());
    this.watching.observe(this.stage);
    try {
      this.scene = new Scene(this.dots);
    } catch {
      this._say("This browser cannot draw the map: it needs WebGL2, which Chrome, Edge, Firefox and Safari have had since 2021. It may be switched off in the browser's settings.");
    }
  }

  // Fetch what is missing before anything changes, so that the screen is always consistent.
  async _apply({ data }) {
    if (!this.scene) return;
    const [rows, positions, columns] = await Promise.all([
      this._file(data.rows.url, (bytes) => new Int32Array(bytes)),
      Promise.all(data.panels.map(({ url }) => this._file(url, read))),
      Promise.all(data.columns.map((column) => this._file(column.url, (bytes) => valuesOf(column, bytes)))),
    ]);
    for (const { points, dims } of positions) {
      if (points.length !== dims * rows.length) throw new Error("This map is of other images. Draw it again.");
    }
    const before = this.data;
    this.data = data;
    this._dress(data);
    const name = JSON.stringify([data.rows.url, data.arrange, data.panels.map((panel) => [panel.url, panel.linked])]);
    if (name !== this.drawn) this._open(data, rows, positions);
    this.drawn = name;
    this.columns = data.columns.map((column, i) => ({ ...column, values: columns[i] }));
    const column = this.columns.find((each) => each.name === data.colour) ?? this.columns[0];
    const looks = JSON.stringify([column.url, column.names, column.colours, this.paper, data.projector]);
    if (looks !== this.looks) {
      this.looks = looks;
      this.colour = column;
      this.legend.show(column, this);
      this._hide(new Set());
    }
    if (!before) this._setPoints("dots");
    this.setMode(this.mode);
    this._titles();
    this.marked = indices(this.index, data.marked);
    this.pins = data.pins.map((pin) => lay(Float32Array.from(pin), pin.length, this.frames[0]));
    const pinned = JSON.stringify(data.pins);
    const arrived = data.pins.length && pinned !== this.pinned;
    this.pinned = pinned;
    const focus = JSON.stringify(data.focus);
    if (focus !== this.focusing) {
      this.focusing = focus;
      this.focus = indices(this.index, data.focus);
      const known = this.focus.length === 1 && this.rows[this.focus[0]] === this.clicked; // it was clicked on the map
      if (this.focus.length && !known && !arrived) this.glideTo(this.focus);
      if (this.focus.length === 1) this.clicked = this.rows[this.focus[0]]; // the previous image loses its ring
    }
    if (arrived) this.glideTo([]); // to the whole map: the pin and the rings may be anywhere
    const used = new Set([data.rows, ...data.panels, ...data.columns].map(({ url }) => url));
    for (const url of this.files.keys()) if (!used.has(url)) this.files.delete(url);
    this.note.hidden = true;
    this.rects = belowTitles(this, this.stage.clientWidth, this.stage.clientHeight);
    this.stopListening ??= listen(this.stage, meanings(this));
    this.toolbar.node.inert = false;
    this.touch();
    this.root.dataset.ready = "yes";
  }

  // Sizes and colours.
  _dress(data) {
    this.large = data.projector ? PROJECTED : 1;
    this.root.style.setProperty("--larger", this.large);
    this.root.dataset.arrange = data.arrange;
    const most = `${data.height}px`;
    this.stage.style.height = data.arrange === "grid" ? most : `min(${most}, max(${LEAST}px, 100vh - ${this._around(data)}px))`;
    this.stage.setAttribute("aria-label", data.alt);
    this._readTheme();
  }

  // Pixels of the screen that are not the map's, so that all of it is in sight.
  _around({ arrange }) {
    const scrolled = this.root.getRootNode().host?.closest("[data-testid=stMain]")?.scrollTop ?? 0;
    const top = this.stage.getBoundingClientRect().top + scrolled;
    const slider = arrange === "morph" ? this.morph.node.offsetHeight : 0;
    return top > 0 && top < innerHeight / 2 ? Math.round(top) + slider + BELOW : AROUND;
  }

  // Rows and positions; discards everything drawn before.
  _open(data, rows, positions) {
    const same = this.rows === rows;
    this.rows = rows;
    this.n = rows.length;
    if (!same) this.index = new Map(Array.from(rows, (row, i) => [row, i]));
    this.frames = framed(data.panels, positions);
    this.laid = positions.map(({ points, dims }, i) => lay(points, dims, this.frames[i]));
    this.cameras = cameras(data.panels, positions);
    this.scene.setMaps(this.laid);
    this.looks = "";
    this.part = 0;
    this.screens = data.panels.map(() => new Float32Array(2 * this.n));
    this.hovered = -1;
    if (data.thumbnails.url !== this.thumbnails?.url) {
      this.thumbnails = new Thumbnails(data.thumbnails, () => {
        this.card.redraw(this.thumbnails);
        if (this.imaged) this.touchOver();
      });
      this.overlay = new Overlay(this.over, this.thumbnails);
    }
    const picked = data.picked?.of === data.rows.of ? data.picked : {};
    this.times = Math.max(this.times, picked.times ?? 0);
    if (!same) this.clicked = picked.clicked ?? null;
    if (!same) this.chosen = picked.bits ? unpacked(picked.bits, this.n) : null;
    this.scene.setChosen(this.chosen);
    this.toolbar.select(count(this.chosen));
  }

  // The content of a URL, fetched once.
  async _file(url, make) {
    if (!this.files.has(url)) this.files.set(url, make(await fetched(url)));
    return this.files.get(url);
  }

  _readTheme() {
    const style = getComputedStyle(this.root);
    const read = (name, otherwise) => style.getPropertyValue(name).trim() || otherwise;
    this.ink = read("--st-text-color", "#1b1f2a");
    this.paper = read("--st-background-color", "#ffffff");
    this.accent = read("--st-primary-color", "#2f55cc");
    this.font = read("--st-font", "sans-serif");
    this.grey = "#8a8f9c";
    this.dark = lightness(this.paper) < 0.5;
  }

  _hide(hidden) {
    this.hidden = hidden;
    this.alpha = this.n > 20000 ? 0.7 : 0.85;
    const { codes, palette } = colouring(this.colour, hidden, this);
    this.codes = codes;
    this.palette = palette;
    this.shown = shown(codes, palette);
    this.scene.setValues(codes);
    this.scene.setPalette(palette);
    this.touch();
  }

  setMode(name) {
    this.mode = name;
    this.toolbar.modes.press(name);
    this.stage.dataset.mode = name;
  }

  _setPoints(name) {
    this.points = name;
    this.toolbar.points.press(name);
    this.touch();
  }

  fit() {
    for (const camera of new Set(this.cameras)) camera.reset();
    this.touch();
  }

  hover(index) {
    if (index >= 0) this.thumbnails.want(this.rows[index]);
    if (index !== this.hovered) this.touchOver();
    this.hovered = index;
    if (index < 0) {
      this.card.hide();
      return;
    }
    const { columns, thumbnails, at } = this;
    this.card.show({ row: this.rows[index], index, columns, thumbnails, at });
  }

  take() {
    if (this.hovered >= 0) this.pick(this.hovered);
  }

  pick(index) {
    this.clicked = this.rows[index];
    this._tell("click");
    this.touchOver();
  }

  choose(chosen) {
    this.chosen = count(chosen) ? chosen : null;
    this.scene.setChosen(this.chosen);
    this.toolbar.select(count(this.chosen));
    this.speak(`${count(this.chosen).toLocaleString("en")} images selected`);
    this._tell("choice");
    this.touch();
  }

  // `last` is the last action; `times` counts, so that repeating an action is reported too.
  _tell(last) {
    const bits = this.chosen ? packed(this.chosen) : "";
    this.times += 1;
    this.component.setStateValue("picked", {
      of: this.data.rows.of,
      bits,
      clicked: this.clicked,
      last,
      times: this.times,
    });
  }

  glideTo(points) {
    glide(this.cameras, this.laid, points, () => this.touch());
  }

  // Redraw everything in the next frame.
  touch() {
    this.stale = true;
    this.fresh.clear();
    this.touchOver();
  }

  // Redraw only the overlay.
  touchOver() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (!this.rects || !this.stage.clientWidth) return;
      if (this.stale) draw(this);
      this.stale = false;
      if (this.cursor) look(this);
      drawOver(this);
    });
  }

  _titles() {
    const { panels, arrange } = this.data;
    this.morph.hide();
    this.titles.replaceChildren();
    this.titled = null; // they have no place yet
    if (arrange === "morph") {
      this.morph.show(panels.map((panel) => panel.title));
      this.morph.slider.value = this.part;
      return;
    }
    for (const { title, caption } of panels) {
      const parts = [element("strong", { textContent: title }), element("span", { textContent: caption })];
      this.titles.append(element("div", { className: "title" }, ...parts));
    }
  }

  // Everything that a picture of the view needs.
  seen() {
    return seen(this);
  }

  // The colours and type of the page, as CSS.
  theme() {
    const style = getComputedStyle(this.root);
    const value = (name) => style.getPropertyValue(name).trim();
    return THEME.map((name) => [name, value(name)]).filter(([, found]) => found).map((pair) => pair.join(":")).join(";");
  }

  // Announce a text to screen readers.
  speak(words) {
    this.spoken.textContent = words;
  }

  // Show a text next to the search field, and announce it.
  tell(words) {
    this.toolbar.found.textContent = words;
    this.speak(words);
  }

  _say(words) {
    this.note.textContent = words;
    this.note.hidden = false;
  }
}

// Indices of row ids among the points; missing ids are left out.
function indices(index, rows) {
  return rows.map((row) => index.get(row)).filter((i) => i !== undefined);
}
