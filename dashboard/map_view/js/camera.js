// The camera: a matrix from the cube -1..1, into which every map is fitted, to the screen.

const DISTANCE = 4; // from the eye to the centre of a 3-D map, in half edges of the cube
const CLOSEST = 1000; // largest zoom, as a multiple of the whole map
const FARTHEST = 0.3;

export class Camera {
  constructor(dims) {
    this.dims = dims;
    this.reset();
  }

  reset() {
    this.x = 0; // the point of the rotated map at the centre of the screen
    this.y = 0;
    this.depth = 0;
    this.zoom = 1;
    this.turned = this.dims === 3 ? turn(turn(IDENTITY, 0, 0.35), 0.5, 0) : IDENTITY;
  }

  // Screen pixels for one unit of the map in a panel of this size.
  scale(width, height) {
    return (this.zoom * 0.94 * Math.min(width, height)) / 2;
  }

  // Column-major, as WebGL expects.
  matrix(width, height) {
    const scale = this.scale(width, height);
    const [across, up] = [(2 * scale) / width, (2 * scale) / height];
    const r = this.turned;
    const deep = this.dims === 3 ? 1 : 0;
    return new Float32Array([
      across * r[0], up * r[3], -0.25 * deep * r[6], (-deep * r[6]) / DISTANCE,
      across * r[1], up * r[4], -0.25 * deep * r[7], (-deep * r[7]) / DISTANCE,
      across * r[2], up * r[5], -0.25 * deep * r[8], (-deep * r[8]) / DISTANCE,
      -across * this.x, -up * this.y, 0, 1,
    ]);
  }

  pan(dx, dy, width, height) {
    const scale = this.scale(width, height);
    this.x -= dx / scale;
    this.y += dy / scale;
  }

  // Zoom in by a factor; the point under the pixel (x, y) of a panel stays there.
  approach(factor, x, y, width, height) {
    const before = this.scale(width, height);
    this.zoom = Math.min(Math.max(this.zoom * factor, FARTHEST), CLOSEST);
    const gained = 1 / before - 1 / this.scale(width, height);
    this.x += (x - width / 2) * gained;
    this.y -= (y - height / 2) * gained;
  }

  // Rotate about the point at the centre of the screen, which stays there.
  turn(dx, dy) {
    const r = this.turned;
    const middle = rotate([r[0], r[3], r[6], r[1], r[4], r[7], r[2], r[5], r[8]], [this.x, this.y, this.depth]);
    this.turned = turn(r, dx / 180, dy / 180);
    [this.x, this.y, this.depth] = rotate(this.turned, middle);
  }

  // Move a point of the map to the centre.
  centre(point) {
    [this.x, this.y, this.depth] = rotate(this.turned, point);
  }

  // Interpolate between two views, from 0 to 1.
  between(start, end, part) {
    this.x = start.x + (end.x - start.x) * part;
    this.y = start.y + (end.y - start.y) * part;
    this.zoom = start.zoom * (end.zoom / start.zoom) ** part;
  }

  place() {
    return { x: this.x, y: this.y, zoom: this.zoom };
  }
}

// Pixels of a panel for each of the points (n, 3), written into `out` (n, 2); points behind the eye become NaN.
export function project(points, matrix, width, height, out) {
  const m = matrix;
  for (let i = 0, n = points.length / 3; i < n; i++) {
    const x = points[3 * i];
    const y = points[3 * i + 1];
    const z = points[3 * i + 2];
    const w = m[3] * x + m[7] * y + m[11] * z + m[15];
    const near = w > 0 ? 1 / w : NaN;
    out[2 * i] = (0.5 + 0.5 * (m[0] * x + m[4] * y + m[8] * z + m[12]) * near) * width;
    out[2 * i + 1] = (0.5 - 0.5 * (m[1] * x + m[5] * y + m[9] * z + m[13]) * near) * height;
  }
  return out;
}

// How far a point (x, y, z) is from the eye.
export function depth([x, y, z], m) {
  return m[3] * x + m[7] * y + m[11] * z + m[15];
}

const IDENTITY = [1, 0, 0, 0, 1, 0, 0, 0, 1]; // row-major

function rotate(r, [x, y, z]) {
  return [
    r[0] * x + r[1] * y + r[2] * z,
    r[3] * x + r[4] * y + r[5] * z,
    r[6] * x + r[7] * y + r[8] * z,
  ];
}

// Rotate about the screen's vertical axis by `across`, then about its horizontal axis by `down`, in radians.
function turn(r, across, down) {
  const [ca, sa, cd, sd] = [Math.cos(across), Math.sin(across), Math.cos(down), Math.sin(down)];
  const columns = [0, 1, 2].map((column) => {
    const [x, y, z] = [r[column], r[3 + column], r[6 + column]];
    const [x1, z1] = [ca * x + sa * z, -sa * x + ca * z];
    return [x1, cd * y - sd * z1, sd * y + cd * z1];
  });
  return [0, 1, 2].flatMap((row) => columns.map((column) => column[row]));
}
