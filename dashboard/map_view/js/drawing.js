// Drawing a view: its points, and the overlay.

import { depth, project } from "./camera.js";
import { css } from "./columns.js";
import { rectangles } from "./panels.js";

const TILES = { images: 34, dots: 42 }; // pixels of an image: if all points are images, and if only few points are in sight

// Pixels of every point within a panel, computed again after a movement.
export function screenOf(view, panel) {
  if (!view.fresh.has(panel)) {
    placed(view, panel, view.rects[panel], view.screens[panel]);
    view.fresh.add(panel);
  }
  return view.screens[panel];
}

// The point nearest to the eye.
export function foremost(view, panel, indices) {
  const [, , width, height] = view.rects[panel];
  const matrix = view.cameras[panel].matrix(width, height);
  const points = positionsOf(view, panel);
  const far = (i) => depth(points.subarray(3 * i, 3 * i + 3), matrix);
  return indices.reduce((best, i) => (far(i) < far(best) ? i : best));
}

// Points (n, 3) as drawn: interpolated during a morph.
function positionsOf(view, panel) {
  if (!view.part) return view.laid[panel];
  if (view.part === 1) return view.laid[1];
  const [start, end] = view.laid;
  view.mixed ??= new Float32Array(start.length);
  if (view.mixed.length !== start.length) view.mixed = new Float32Array(start.length);
  for (let i = 0; i < start.length; i++) view.mixed[i] = start[i] + (end[i] - start[i]) * view.part;
  return view.mixed;
}

// The points, and the titles above them.
export function draw(view) {
  const [width, height] = sizeOf(view);
  const ratio = sharpness();
  for (const [side, pixels] of [["width", width], ["height", height]]) {
    if (view.dots[side] !== Math.round(pixels * ratio)) view.dots[side] = Math.round(pixels * ratio);
  }
  view.rects = belowTitles(view, width, height);
  const views = viewsOf(view).map((each, i) => ({
    ...each,
    rect: view.rects[i].map((side) => side * ratio),
    matrix: each.camera.matrix(view.rects[i][2], view.rects[i][3]),
  }));
  view.scene.draw(views, diameter(view) * ratio);
}

// Rectangles of the maps, each below its title, which is put in its place.
export function belowTitles(view, width, height) {
  const rects = layOut(view, width, height);
  const titles = [...view.titles.children];
  const titled = [width, height, view.large, view.titles.textContent].join();
  if (titled !== view.titled) {
    view.titled = titled;
    titles.forEach(({ style }, i) => {
      const [left, top, w, h] = rects[i];
      Object.assign(style, { left: `${left}px`, top: `${top}px`, width: `${w}px`, height: `${h}px` });
    });
    const ends = titles.flatMap(({ children }) => [...children].map((line) => line.offsetTop + line.offsetHeight));
    view.head = Math.max(0, ...ends);
  }
  return rects.map(([left, top, w, h]) => [left, top + view.head, w, h - view.head]);
}

// Rectangles of the maps: one for each, or one for two that morph.
export function layOut(view, width, height) {
  const { panels, arrange } = view.data;
  return rectangles(arrange === "morph" ? 1 : panels.length, width, height, arrange);
}

// Which maps are drawn, the state of a morph, and whether points hide those behind them.
function viewsOf(view) {
  const morphs = view.data.arrange === "morph";
  return view.cameras.slice(0, morphs ? 1 : undefined).map((camera, i) => ({
    camera,
    from: i,
    to: morphs ? 1 : i,
    part: view.part,
    solid: camera.dims === 3,
  }));
}

// Pixels of a dot: larger at higher zoom and with fewer points.
function diameter(view) {
  const zoomed = Math.min(Math.max(view.cameras[0].zoom, 1) ** 0.35, 3);
  const crowded = view.n > 30000 ? 3.2 : view.n > 5000 ? 4.2 : 6;
  return crowded * zoomed * view.large * (view.cameras[0].dims === 3 ? 1.25 : 1) * (view.rects.length > 2 ? 0.75 : 1);
}

// The overlay: images, rings and lines.
export function drawOver(view) {
  const { overlay } = view;
  overlay.begin(...sizeOf(view), sharpness());
  view.rects.forEach((rect, panel) => overlay.within(rect, () => drawPanel(view, panel, rect)));
  if (view.line) overlay.drawn(view.line.points, view.accent);
}

function drawPanel(view, panel, [, , width, height]) {
  const always = view.points === "images";
  const zoomed = view.cameras[panel].zoom > 1.5;
  view.imaged = always || zoomed;
  const screen = screenOf(view, panel);
  if (view.imaged) {
    const missing = view.overlay.images(tilesOf(view, screen, width, height, TILES[view.points] * view.large));
    if (missing.length) view.thumbnails.foresee(missing);
  }
  const radius = (diameter(view) / 2 + 5) * (view.imaged ? 2 : 1);
  drawMarks(view.overlay, [...ringed(view), view.hovered], screen, radius, view);
  for (const [x, y] of pinned(view, panel, width, height)) view.overlay.pin(x, y, radius + 4, view.accent, view.paper);
}

// Points with a ring, independent of the cursor.
function ringed(view) {
  return [...(view.marked ?? []), view.index.get(view.clicked), ...(view.focus ?? [])];
}

// Pixels of the pins of a panel; only the first map has any, and a morph hides them.
function pinned(view, panel, width, height) {
  if (panel || view.part) return [];
  const matrix = view.cameras[0].matrix(width, height);
  return view.pins.map((pin) => project(pin, matrix, width, height, new Float32Array(2)));
}

// Rings around points; the point at the cursor has the accent colour.
export function drawMarks(overlay, points, screen, radius, { hovered, clicked, focus, rows, accent, ink, paper }) {
  for (const i of points) {
    if (i === undefined || i < 0) continue;
    const strong = i === hovered || rows[i] === clicked || focus?.includes(i);
    overlay.ring(screen[2 * i], screen[2 * i + 1], strong ? radius + 2 : radius, strong ? accent : ink, paper);
  }
}

// The arguments of `Overlay.images`.
function tilesOf(view, screen, width, height, tile) {
  return {
    screen,
    shown: view.chosen ? view.chosen.map((each, i) => each & view.shown[i]) : view.shown,
    rows: view.rows,
    colours: (i) => css(view.palette.subarray(4 * view.codes[i], 4 * view.codes[i] + 3)),
    width,
    height,
    tile,
    always: view.points === "images",
  };
}

// Everything that a picture of the view needs.
export function seen(view) {
  const { laid, codes, palette, chosen, shown, paper, ink, font, thumbnails, colour, dark } = view;
  const { panels, arrange } = view.data;
  const titles = arrange === "morph" ? [{ title: panels.map(({ title }) => title).join(" to "), caption: "" }] : panels;
  return {
    ...{ laid, codes, palette, chosen, shown, paper, ink, font, thumbnails, colour, dark, titles },
    views: viewsOf(view),
    diameter: diameter(view) / view.large,
    images: view.points === "images",
    legend: view.legend.entries(),
    rectangles: (width, height) => layOut(view, width, height),
    marks: { points: ringed(view), clicked: view.clicked, focus: view.focus, rows: view.rows, accent: view.accent },
    pins: (panel, [, , width, height]) => pinned(view, panel, width, height),
    screen: (panel, rect) => placed(view, panel, rect, new Float32Array(2 * view.n)),
    tiles: (screen, rect, tile) => tilesOf(view, screen, rect[2], rect[3], tile),
  };
}

// Pixels of every point within a rectangle, written into `out` (n, 2).
function placed(view, panel, [, , width, height], out) {
  return project(positionsOf(view, panel), view.cameras[panel].matrix(width, height), width, height, out);
}

function sizeOf(view) {
  return [view.stage.clientWidth, view.stage.clientHeight];
}

function sharpness() {
  return Math.min(devicePixelRatio, 2);
}
