// The effects of a visitor's actions on a view.

import { told } from "./columns.js";
import { foremost, screenOf } from "./drawing.js";
import { around, inside, nearest } from "./geometry.js";

const REACH = 14; // pixels from the cursor within which a point is picked
const COVERED = 3; // pixels from the cursor within which points of a 3-D map hide each other
const FORESEEN = 70; // pixels around the cursor whose images are prefetched
const MOST = 256; // images prefetched at once

// The action for each gesture.
export function meanings(view) {
  return {
    drawing: (shift) => (view.mode !== "move" ? view.mode : shift ? "lasso" : null),
    point: (x, y) => {
      view.cursor = [x, y];
      view.touchOver();
    },
    away: () => {
      view.cursor = null;
      view.hover(-1);
    },
    drag: (dx, dy, at, aside) => drag(view, dx, dy, under(view, at), aside),
    rest: () => {
      view.line = null;
      view.touch();
    },
    approach: (factor, x, y) => {
      const panel = under(view, [x, y]);
      const [left, top, width, height] = view.rects[panel];
      view.cameras[panel].approach(factor, x - left, y - top, width, height);
      view.cursor = [x, y];
      view.touch();
    },
    draw: (line, at) => {
      view.line = { points: line, panel: under(view, at) };
      view.touchOver();
    },
    drawn: (line, at) => {
      const panel = under(view, at);
      const [left, top] = view.rects[panel];
      view.line = null;
      const polygon = line.map(([x, y]) => [x - left, y - top]);
      view.choose(inside(screenOf(view, panel), view.shown, polygon));
    },
    click: (x, y) => {
      view.cursor = [x, y];
      look(view);
      view.take();
    },
    step: (x, y) => drag(view, 60 * x, 60 * y, 0, false),
    closer: (factor) => {
      const [, , width, height] = view.rects[0];
      view.cameras[0].approach(factor, width / 2, height / 2, width, height);
      view.touch();
    },
    fit: () => view.fit(),
    next: (way) => next(view, way),
    take: () => view.take(),
    chooseInSight: () => {
      const [, , width, height] = view.rects[0];
      const frame = [[0, 0], [width, 0], [width, height], [0, height]];
      view.choose(inside(screenOf(view, 0), view.shown, frame));
    },
    mode: (name) => view.setMode(name),
    leave: () => {
      view.line = null;
      if (view.chosen) view.choose(null);
      else view.setMode("move");
      view.touchOver();
    },
  };
}

function drag(view, dx, dy, panel, aside) {
  const camera = view.cameras[panel];
  const [, , width, height] = view.rects[panel];
  if (camera.dims === 3 && !aside) camera.turn(dx, dy);
  else camera.pan(dx, dy, width, height);
  view.hover(-1);
  view.cursor = null;
  view.touch();
}

function under(view, [x, y]) {
  const found = view.rects.findIndex(([l, t, w, h]) => x >= l && x < l + w && y >= t && y < t + h);
  return Math.max(found, 0);
}

// The next point in the order of rows, for use without a mouse.
function next(view, way) {
  for (let tried = 0, i = view.hovered; tried < view.n; tried++) {
    i = (i + way + view.n) % view.n;
    if (!view.shown[i] || (view.chosen && !view.chosen[i])) continue;
    const screen = screenOf(view, 0);
    const [left, top, width, height] = view.rects[0];
    const [x, y] = [screen[2 * i], screen[2 * i + 1]];
    if (!(x >= 0 && y >= 0 && x < width && y < height)) continue;
    view.cursor = null;
    view.at = [left + x, top + y];
    view.hover(i);
    view.speak(words(view, i));
    return;
  }
}

function words(view, i) {
  const facts = view.columns.map((column) => [column.title, told(column, i)]).filter(([, words]) => words);
  return `Image ${view.rows[i]}. ${facts.map((fact) => fact.join(": ")).join(". ")}`;
}

// Find the point under the cursor.
export function look(view) {
  const panel = under(view, view.cursor);
  const [left, top] = view.rects[panel];
  const [x, y] = [view.cursor[0] - left, view.cursor[1] - top];
  const screen = screenOf(view, panel);
  view.at = view.cursor;
  const hidden = view.cameras[panel].dims === 3 ? around(screen, view.shown, x, y, COVERED * view.large, MOST) : [];
  const found = hidden.length ? foremost(view, panel, hidden) : nearest(screen, view.shown, x, y, REACH * view.large);
  view.hover(found);
  const now = performance.now();
  if (now - (view.foresaw ?? 0) > 40) {
    view.foresaw = now;
    const near = around(screen, view.shown, x, y, FORESEEN, MOST);
    view.thumbnails.foresee(near.map((i) => view.rows[i]));
  }
}

// Go to an image by its number, or show one class; returns a sentence on the result.
export function search(view, text) {
  if (!text) {
    view.focus = [];
    if (view.colour.kind === "class") view.legend.all();
    view.touch();
    return "";
  }
  if (/^\d+$/.test(text)) {
    const found = view.index.get(Number(text));
    if (found === undefined) return `No image ${text} on this map`;
    view.focus = [found];
    view.glideTo([found]);
    view.pick(found);
    return "";
  }
  const wanted = text.toLowerCase();
  const names = view.colour.names.map((name) => name.toLowerCase());
  const code = [names.indexOf(wanted), names.findIndex((name) => name.startsWith(wanted))].find((at) => at >= 0);
  if (code === undefined) {
    const elsewhere = view.columns.find((column) => column.names.some((name) => name.toLowerCase().startsWith(wanted)));
    return elsewhere ? `Colour by ${elsewhere.title.toLowerCase()} to find it` : `Nothing is called ${text}`;
  }
  view.legend.all();
  view.legend.only(code);
  return "";
}
