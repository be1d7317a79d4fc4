// The map view: fetches what it shows once, draws, and tells Python what was picked.

import { count, packed, read, unpacked } from "./bits.js";
import { project } from "./camera.js";
import { Card } from "./card.js";
import { colouring, css, fetched, lightness, load, shown, told } from "./columns.js";
import { Downloads } from "./downloads.js";
import { element } from "./elements.js";
import { around, inside, lay, nearest } from "./geometry.js";
import { listen } from "./gestures.js";
import { Legend } from "./legend.js";
import { Morph } from "./morph.js";
import { Overlay } from "./overlay.js";
import { cameras, framed, rectangles } from "./panels.js";
import { Scene } from "./scene.js";
import { Thumbnails } from "./thumbnails.js";
import { Toolbar } from "./toolbar.js";
import { glide } from "./travel.js";

const REACH = 14; // pixels from the cursor within which a point is meant
const FORESEEN = 70; // pixels around the cursor whose images are fetched ahead
const PROJECTED = 1.5; // times larger on a projector
const THEME = ["background-color", "secondary-background-color", "text-color", "primary-color", "border-color", "gray-text-color", "base-radius", "button-radius"].map(
  (name) => `--st-${name}`,
);

export class View {
  constructor(component) {
    this.root = component.parentElement.querySelector(".map-view");
    this.files = new Map(); // address -> what was fetched from it
    this.mode = "move";
    this.hidden = new Set();
    this.chosen = null;
    this.clicked = null;
    this.hovered = -1;
    this.part = 0;
    this._build();
    this.work = Promise.resolve();
    this.update(component);
  }

  // Streamlit calls again whenever data or theme changed; changes are applied one after the other.
  update(component) {
    this.component = component;
    this.work = this.work.then(() => this._apply(component)).catch((error) => this._say(error.message));
    return this.work;
  }

  destroy() {
    this.stopListening();
    this.watching.disconnect();
    cancelAnimationFrame(this.frame);
    this.scene?.destroy();
  }

  _build() {
    this.menu = element("span", { className: "menu" });
    this.toolbar = new Toolbar(this.root, {
      mode: (name) => this._setMode(name),
      points: (name) => this._setPoints(name),
      fit: () => this._fit(),
      search: (text) => this._search(text),
      clear: () => this._choose(null),
      menu: this.menu,
    });
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
      this.note,
    );
    this.body = element("div", { className: "body" }, this.stage);
    this.root.append(this.body, this.spoken);
    this.morph = new Morph(this.root, (part) => {
      this.part = part;
      this._touch();
    });
    new Downloads(this.menu, this);
    this.card = new Card(this.stage);
    this.legend = new Legend(this.body, (hidden) => this._hide(hidden));
    this.stopListening = listen(this.stage, this._meanings());
    this.watching = new ResizeObserver(() => this._touch());
    this.watching.observe(this.stage);
    try {
      this.scene = new Scene(this.dots);
    } catch {
      this._say("This browser cannot draw the map: it needs WebGL2, which Chrome, Edge, Firefox and Safari have had since 2021. It may be switched off in the browser's settings.");
    }
  }

  async _apply({ data }) {
    if (!this.scene) return;
    const before = this.data;
    this.data = data;
    this.large = data.projector ? PROJECTED : 1;
    this.root.style.setProperty("--larger", this.large);
    this.stage.style.height = `${data.height}px`;
    this.stage.setAttribute("aria-label", data.alt);
    this._readTheme();
    const name = JSON.stringify([data.rows.url, data.arrange, data.panels.map((panel) => [panel.url, panel.linked])]);
    if (name !== this.drawn) {
      await this._open(data);
      this.drawn = name;
    }
    const columns = await Promise.all(data.columns.map((column) => this._file(column.url, () => load(column))));
    this.columns = data.columns.map((column, i) => ({ ...columns[i], ...column }));
    const column = this.columns.find((each) => each.name === data.colour) ?? this.columns[0];
    const looks = JSON.stringify([column.url, column.names, column.colours, this.paper, data.projector]);
    if (looks !== this.looks) {
      this.looks = looks;
      this.colour = column;
      this.legend.show(column, this);
      this._hide(new Set());
    }
    if (data.points !== before?.points) this._setPoints(data.points);
    this._setMode(this.mode);
    this._titles();
    this.marked = indices(this.index, data.marked);
    this.pins = data.pins.map((pin) => lay(Float32Array.from(pin), pin.length, this.frames[0]));
    const focus = JSON.stringify(data.focus);
    if (focus !== this.focusing) {
      this.focusing = focus;
      this.focus = indices(this.index, data.focus);
      const known = this.focus.length === 1 && this.rows[this.focus[0]] === this.clicked; // it was clicked where it lies
      if (this.focus.length && !known) this._glideTo(this.focus);
    }
    this.note.hidden = true;
    this._touch();
    this.root.dataset.ready = "yes";
  }

  // Rows and positions; everything drawn before is forgotten.
  async _open(data) {
    this.note.hidden = false;
    this.note.textContent = "Loading the map";
    const [rows, ...positions] = await Promise.all([
      this._file(data.rows.url, async () => new Int32Array(await fetched(data.rows.url))),
      ...data.panels.map(({ url }) => this._file(url, async () => read(await fetched(url)))),
    ]);
    for (const { points, dims } of positions) {
      if (points.length !== dims * rows.length) throw new Error("This map is of other images. Draw it again.");
    }
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
        if (this.imaged) this._touch();
      });
      this.overlay = new Overlay(this.over, this.thumbnails);
    }
    const picked = data.picked?.of === data.rows.of ? data.picked : {};
    if (!same) this.clicked = picked.clicked ?? null;
    if (!same) this.chosen = picked.bits ? unpacked(picked.bits, this.n) : null;
    this.scene.setChosen(this.chosen);
    this.toolbar.select(count(this.chosen));
  }

  async _file(url, make) {
    if (!this.files.has(url)) this.files.set(url, await make());
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
    this._touch();
  }

  // What a gesture means.
  _meanings() {
    return {
      drawing: (shift) => (this.mode !== "move" ? this.mode : shift ? "lasso" : null),
      point: (x, y) => {
        this.cursor = [x, y];
        this._touch();
      },
      away: () => {
        this.cursor = null;
        this._hover(-1);
      },
      drag: (dx, dy, at, aside) => this._drag(dx, dy, this._under(at), aside),
      rest: () => this._touch(),
      approach: (factor, x, y) => {
        const panel = this._under([x, y]);
        const [left, top, width, height] = this.rects[panel];
        this.cameras[panel].approach(factor, x - left, y - top, width, height);
        this.cursor = [x, y];
        this._touch();
      },
      draw: (line, at) => {
        this.line = { points: line, panel: this._under(at) };
        this._touch();
      },
      drawn: (line, at) => {
        const panel = this._under(at);
        const [left, top] = this.rects[panel];
        this.line = null;
        const polygon = line.map(([x, y]) => [x - left, y - top]);
        this._choose(inside(this._project(panel), this.shown, polygon));
      },
      click: (x, y) => {
        this.cursor = [x, y];
        this._look();
        this._take();
      },
      step: (x, y) => this._drag(60 * x, 60 * y, 0, false),
      closer: (factor) => {
        const [, , width, height] = this.rects[0];
        this.cameras[0].approach(factor, width / 2, height / 2, width, height);
        this._touch();
      },
      fit: () => this._fit(),
      next: (way) => this._next(way),
      take: () => this._take(),
      chooseInSight: () => {
        const [, , width, height] = this.rects[0];
        const frame = [[0, 0], [width, 0], [width, height], [0, height]];
        this._choose(inside(this._project(0), this.shown, frame));
      },
      mode: (name) => this._setMode(name),
      leave: () => {
        this.line = null;
        if (this.chosen) this._choose(null);
        else this._setMode("move");
      },
    };
  }

  _drag(dx, dy, panel, aside) {
    const camera = this.cameras[panel];
    const [, , width, height] = this.rects[panel];
    if (camera.dims === 3 && !aside) camera.turn(dx, dy);
    else camera.pan(dx, dy, width, height);
    this._hover(-1);
    this.cursor = null;
    this._touch();
  }

  _under([x, y]) {
    const found = this.rects.findIndex(([l, t, w, h]) => x >= l && x < l + w && y >= t && y < t + h);
    return Math.max(found, 0);
  }

  _setMode(name) {
    this.mode = name;
    this.toolbar.modes.press(name);
    this.stage.dataset.mode = name;
  }

  _setPoints(name) {
    this.points = name;
    this.toolbar.points.press(name);
    this._touch();
  }

  _fit() {
    for (const camera of new Set(this.cameras)) camera.reset();
    this._touch();
  }

  // The next point in the order of rows, for those who have no mouse.
  _next(way) {
    for (let tried = 0, i = this.hovered; tried < this.n; tried++) {
      i = (i + way + this.n) % this.n;
      if (!this.shown[i] || (this.chosen && !this.chosen[i])) continue;
      const screen = this._project(0);
      const [left, top, width, height] = this.rects[0];
      const [x, y] = [screen[2 * i], screen[2 * i + 1]];
      if (!(x >= 0 && y >= 0 && x < width && y < height)) continue;
      this.cursor = null;
      this.at = [left + x, top + y];
      this._hover(i);
      this.speak(this._words(i));
      return;
    }
  }

  _words(i) {
    const facts = this.columns.map((column) => [column.title, told(column, i)]).filter(([, words]) => words);
    return `Image ${this.rows[i]}. ${facts.map((fact) => fact.join(": ")).join(". ")}`;
  }

  // Look what is under the cursor.
  _look() {
    const panel = this._under(this.cursor);
    const [left, top] = this.rects[panel];
    const [x, y] = [this.cursor[0] - left, this.cursor[1] - top];
    const screen = this._project(panel);
    this.at = this.cursor;
    this._hover(nearest(screen, this.shown, x, y, REACH * this.large));
    const now = performance.now();
    if (now - (this.foresaw ?? 0) > 40) {
      this.foresaw = now;
      const near = around(screen, this.shown, x, y, FORESEEN, 256);
      this.thumbnails.foresee(near.map((i) => this.rows[i]));
    }
  }

  _hover(index) {
    if (index >= 0) this.thumbnails.want(this.rows[index]);
    if (index !== this.hovered) this._touch();
    this.hovered = index;
    if (index < 0) {
      this.card.hide();
      return;
    }
    const { columns, thumbnails, at } = this;
    const size = [this.stage.clientWidth, this.stage.clientHeight];
    this.card.show({ row: this.rows[index], index, columns, thumbnails, at, size });
  }

  _take() {
    if (this.hovered < 0) return;
    this.clicked = this.rows[this.hovered];
    this._tell();
    this._touch();
  }

  _choose(chosen) {
    this.chosen = count(chosen) ? chosen : null;
    this.scene.setChosen(this.chosen);
    this.toolbar.select(count(this.chosen));
    this.speak(`${count(this.chosen).toLocaleString("en")} images selected`);
    this._tell();
    this._touch();
  }

  _tell() {
    const bits = this.chosen ? packed(this.chosen) : "";
    this.component.setStateValue("picked", { of: this.data.rows.of, bits, clicked: this.clicked });
  }

  // Go to an image by its number, or show one class; returns what happened in words.
  _search(text) {
    if (!text) {
      this.focus = [];
      if (this.colour.kind === "class") this.legend.all();
      this._touch();
      return "";
    }
    if (/^\d+$/.test(text)) {
      const found = this.index.get(Number(text));
      if (found === undefined) return `No image ${text} on this map`;
      this.focus = [found];
      this._glideTo([found]);
      return "";
    }
    const wanted = text.toLowerCase();
    if (this.colour.kind !== "class") return "Colour by class to look for one";
    const names = this.colour.names.map((name) => name.toLowerCase());
    const code = [names.indexOf(wanted), names.findIndex((name) => name.startsWith(wanted))].find((at) => at >= 0);
    if (code === undefined) return `Nothing is called ${text}`;
    this.legend.all();
    this.legend.only(code);
    return "";
  }

  _glideTo(points) {
    glide(this.cameras, this.laid, points, () => this._touch());
  }

  // Pixels of every point within a panel.
  _project(panel) {
    const [, , width, height] = this.rects[panel];
    return project(this.positions(panel), this.cameras[panel].matrix(width, height), width, height, this.screens[panel]);
  }

  // Points (n, 3) as they are drawn: on their way between two maps, in between.
  positions(panel) {
    if (!this.part) return this.laid[panel];
    if (this.part === 1) return this.laid[1];
    const [start, end] = this.laid;
    this.mixed ??= new Float32Array(start.length);
    if (this.mixed.length !== start.length) this.mixed = new Float32Array(start.length);
    for (let i = 0; i < start.length; i++) this.mixed[i] = start[i] + (end[i] - start[i]) * this.part;
    return this.mixed;
  }

  _touch() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      if (this.rows && this.codes) this._draw();
    });
  }

  _draw() {
    const [width, height] = [this.stage.clientWidth, this.stage.clientHeight];
    if (!width || !height) return;
    const ratio = Math.min(devicePixelRatio, 2);
    for (const [side, pixels] of [["width", width], ["height", height]]) {
      if (this.dots[side] !== Math.round(pixels * ratio)) this.dots[side] = Math.round(pixels * ratio);
    }
    this.rects = this._rectangles(width, height);
    [...this.titles.children].forEach((title, i) => {
      const [left, top, w, h] = this.rects[i];
      Object.assign(title.style, { left: `${left}px`, top: `${top}px`, width: `${w}px`, height: `${h}px` });
    });
    const views = this._views().map((view, i) => ({
      ...view,
      rect: this.rects[i].map((side) => side * ratio),
      matrix: view.camera.matrix(this.rects[i][2], this.rects[i][3]),
    }));
    this.scene.draw(views, this._diameter() * ratio);
    if (this.cursor) this._look();
    this._drawOver(width, height, ratio);
  }

  _rectangles(width, height) {
    const { panels, arrange } = this.data;
    return rectangles(arrange === "morph" ? 1 : panels.length, width, height, arrange);
  }

  // Which maps are drawn, between which, and whether points hide those behind them.
  _views() {
    const morphs = this.data.arrange === "morph";
    return this.cameras.slice(0, morphs ? 1 : undefined).map((camera, i) => ({
      camera,
      from: i,
      to: morphs ? 1 : i,
      part: this.part,
      solid: camera.dims === 3,
    }));
  }

  _diameter() {
    const zoomed = Math.min(Math.max(this.cameras[0].zoom, 1) ** 0.35, 3);
    const crowded = this.n > 30000 ? 3.2 : this.n > 5000 ? 4.2 : 6;
    return crowded * zoomed * this.large * (this.cameras[0].dims === 3 ? 1.25 : 1) * (this.rects.length > 2 ? 0.75 : 1);
  }

  _drawOver(width, height, ratio) {
    const { overlay } = this;
    overlay.begin(width, height, ratio);
    this.rects.forEach((rect, panel) => overlay.within(rect, () => this._drawPanel(panel, rect)));
    if (this.line) overlay.drawn(this.line.points, this.accent);
  }

  _drawPanel(panel, [, , width, height]) {
    const always = this.points === "images";
    const zoomed = this.cameras[panel].zoom > 1.5;
    const rings = [this.index.get(this.clicked), ...(this.focus ?? []), ...(this.marked ?? []), this.hovered];
    this.imaged = always || zoomed;
    const screen = this._project(panel);
    if (this.imaged) {
      const missing = this.overlay.images(this._tiles(panel, [0, 0, width, height], (always ? 34 : 42) * this.large));
      if (missing.length) this.thumbnails.foresee(missing);
    }
    const radius = (this._diameter() / 2 + 5) * (this.imaged ? 2 : 1);
    for (const pin of panel === 0 && !this.part ? this.pins : []) {
      const [x, y] = project(pin, this.cameras[0].matrix(width, height), width, height, new Float32Array(2));
      this.overlay.pin(x, y, radius + 4, this.accent, this.paper);
    }
    for (const i of rings) {
      if (i === undefined || i < 0) continue;
      const strong = i === this.hovered || this.rows[i] === this.clicked || this.focus?.includes(i);
      this.overlay.ring(screen[2 * i], screen[2 * i + 1], strong ? radius + 2 : radius, strong ? this.accent : this.ink, this.paper);
    }
  }

  // What `Overlay.images` wants to know, for a panel drawn into a rectangle.
  _tiles(panel, [, , width, height], tile) {
    const camera = this.cameras[panel];
    return {
      screen: project(this.positions(panel), camera.matrix(width, height), width, height, this.screens[panel]),
      shown: this.chosen ? this.chosen.map((each, i) => each & this.shown[i]) : this.shown,
      rows: this.rows,
      colours: (i) => css(this.palette.subarray(4 * this.codes[i], 4 * this.codes[i] + 3)),
      width,
      height,
      tile,
      always: this.points === "images",
    };
  }

  _titles() {
    const { panels, arrange } = this.data;
    this.morph.hide();
    this.titles.replaceChildren();
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

  // All that a picture of the view needs.
  seen() {
    const { laid, codes, palette, chosen, shown, paper, ink, font, thumbnails, colour, dark } = this;
    const { panels, arrange } = this.data;
    const titles = arrange === "morph" ? [{ title: panels.map(({ title }) => title).join(" to "), caption: "" }] : panels;
    return {
      ...{ laid, codes, palette, chosen, shown, paper, ink, font, thumbnails, colour, dark, titles },
      views: this._views(),
      diameter: this._diameter() / this.large,
      images: this.points === "images",
      legend: this.legend.entries(),
      rectangles: (width, height) => this._rectangles(width, height),
      positions: (panel) => this.positions(panel),
      tiles: (panel, rect, tile) => this._tiles(panel, rect, tile),
    };
  }

  // The colours and type of the page, as CSS.
  theme() {
    const style = getComputedStyle(this.root);
    const value = (name) => style.getPropertyValue(name).trim();
    return THEME.map((name) => [name, value(name)]).filter(([, found]) => found).map((pair) => pair.join(":")).join(";");
  }

  // Tell those who listen rather than look.
  speak(words) {
    this.spoken.textContent = words;
  }

  _say(words) {
    this.note.textContent = words;
    this.note.hidden = false;
  }
}

// Places of row ids among the points; those that are not there are left out.
function indices(index, rows) {
  return rows.map((row) => index.get(row)).filter((i) => i !== undefined);
}
