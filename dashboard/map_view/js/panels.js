// The layout of maps in the view: a rectangle for each, and cameras that linked maps share.

import { Camera } from "./camera.js";
import { bounds, extent, union } from "./geometry.js";

const GAP = 10; // pixels between maps
const NARROW = 640; // pixels of the view; narrower ones stack the maps
const NARROW_PAIR = 440; // the same for two maps that are compared
const ALIKE = 4; // largest ratio between the sizes of two linked maps that still share a frame

// The frame of each panel; linked panels share one, so that growth and shrinkage are visible.
export function framed(panels, positions) {
  const ends = positions.map(({ points, dims }) => bounds(points, dims));
  return positions.map(({ dims }, i) => {
    const mates = ends.filter((_, j) => linked(panels, i, j) && positions[j].dims === dims);
    const sizes = mates.map(extent);
    return Math.max(...sizes) <= ALIKE * Math.min(...sizes) ? union(mates) : ends[i];
  });
}

// A camera for each panel; linked panels have the same one.
export function cameras(panels, positions) {
  const found = [];
  panels.forEach((_, i) => {
    const mate = found.findIndex((camera, j) => linked(panels, i, j) && camera.dims === positions[i].dims);
    found.push(mate < 0 ? new Camera(positions[i].dims) : found[mate]);
  });
  return found;
}

// Rectangles [left, top, width, height] for n maps in a view of this size, and the number of columns.
export function rectangles(n, width, height, arrange) {
  const columns = columnsOf(n, width, arrange);
  const lines = Math.ceil(n / columns);
  const [w, h] = [(width - GAP * (columns - 1)) / columns, (height - GAP * (lines - 1)) / lines];
  return Array.from({ length: n }, (_, i) => [(i % columns) * (w + GAP), Math.floor(i / columns) * (h + GAP), w, h]);
}

function columnsOf(n, width, arrange) {
  if (arrange === "pair") return width < NARROW_PAIR ? 1 : 2;
  if (width < NARROW) return 1;
  return n <= 3 ? n : n === 4 ? 2 : Math.min(Math.ceil(n / 2), 4);
}

function linked(panels, i, j) {
  return i === j || (panels[i].linked !== "" && panels[i].linked === panels[j].linked);
}
