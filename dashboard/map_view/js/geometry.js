// Points on the screen: the nearest one, those around a position, those inside a lasso.

// Index of the point nearest to (x, y) within `reach` pixels, or -1. `shown` (n): which points are visible.
export function nearest(screen, shown, x, y, reach) {
  let best = -1;
  let least = reach * reach;
  for (let i = 0; i < shown.length; i++) {
    const [dx, dy] = [screen[2 * i] - x, screen[2 * i + 1] - y];
    const distance = dx * dx + dy * dy;
    if (distance <= least && shown[i]) {
      least = distance;
      best = i;
    }
  }
  return best;
}

// Indices of the points around (x, y), nearest first, `most` of them.
export function around(screen, shown, x, y, reach, most) {
  const found = [];
  for (let i = 0; i < shown.length; i++) {
    const [dx, dy] = [screen[2 * i] - x, screen[2 * i + 1] - y];
    const distance = dx * dx + dy * dy;
    if (distance <= reach * reach && shown[i]) found.push([distance, i]);
  }
  return found
    .sort((one, other) => one[0] - other[0])
    .slice(0, most)
    .map(([, i]) => i);
}

// (n) 1 for points inside the polygon [[x, y], ...], by the even-odd rule.
export function inside(screen, shown, polygon) {
  const found = new Uint8Array(shown.length);
  const xs = polygon.map(([x]) => x);
  const ys = polygon.map(([, y]) => y);
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  for (let i = 0; i < found.length; i++) {
    const [x, y] = [screen[2 * i], screen[2 * i + 1]];
    if (!shown[i] || !(x >= left && x <= right && y >= top && y <= bottom)) continue;
    let odd = 0;
    for (let a = 0, b = xs.length - 1; a < xs.length; b = a++) {
      if (ys[a] > y !== ys[b] > y && x < ((xs[b] - xs[a]) * (y - ys[a])) / (ys[b] - ys[a]) + xs[a]) odd ^= 1;
    }
    found[i] = odd;
  }
  return found;
}

// Centre and half size of each axis of points (n, dims): without one in a thousand at either end, plus a margin.
export function bounds(points, dims) {
  const n = points.length / dims;
  const ends = [];
  for (let axis = 0; axis < dims; axis++) {
    const values = new Float32Array(n);
    for (let i = 0; i < n; i++) values[i] = points[dims * i + axis];
    values.sort();
    const cut = Math.floor(n / 1000);
    ends.push([values[cut], values[n - 1 - cut]]);
  }
  return ends;
}

// One frame around several frames.
export function union(frames) {
  return frames[0].map((_, axis) => [
    Math.min(...frames.map((ends) => ends[axis][0])),
    Math.max(...frames.map((ends) => ends[axis][1])),
  ]);
}

// Points (n, dims) fitted into the cube -1..1, as (n, 3), with the same scale on each axis.
export function lay(points, dims, ends) {
  const half = Math.max(...ends.map(([low, high]) => (high - low) / 2)) * 1.03 || 1;
  const middle = ends.map(([low, high]) => (low + high) / 2);
  const laid = new Float32Array((3 * points.length) / dims);
  for (let i = 0, n = points.length / dims; i < n; i++) {
    for (let axis = 0; axis < dims; axis++) laid[3 * i + axis] = (points[dims * i + axis] - middle[axis]) / half;
  }
  return laid;
}

// Half the longest side of a frame.
export function extent(ends) {
  return Math.max(...ends.map(([low, high]) => high - low)) / 2;
}
