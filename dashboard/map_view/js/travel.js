// Gliding from one view to another.

const GLIDE = 450; // milliseconds
const NEAR = 5; // zoom for a single image, as a multiple of the whole map

// Centre points in every map, at a zoom that separates them; without points, show the whole map. `laid`: a map (n, 3)
// for each camera.
export function glide(cameras, laid, points, touch) {
  const paths = [...new Set(cameras)].map((camera) => path(camera, laid[cameras.indexOf(camera)], points));
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const began = performance.now();
  const step = (now) => {
    const time = still ? 1 : Math.min(Math.max((now - began) / GLIDE, 0), 1);
    for (const { camera, start, end } of paths) camera.between(start, end, time * time * (3 - 2 * time));
    touch();
    if (time < 1) requestAnimationFrame(step);
  };
  step(began);
}

function path(camera, map, points) {
  const start = camera.place();
  if (!points.length) {
    camera.centre([0, 0, 0]);
    return { camera, start, end: { ...camera.place(), zoom: 1 } };
  }
  const place = (i) => [map[3 * i], map[3 * i + 1], map[3 * i + 2]];
  const places = points.map(place);
  const middle = [0, 1, 2].map((axis) => places.reduce((sum, each) => sum + each[axis], 0) / places.length);
  camera.centre(middle);
  const spread = Math.max(...places.map((each) => Math.hypot(...each.map((part, axis) => part - middle[axis]))));
  const zoom = points.length === 1 ? Math.max(start.zoom, NEAR) : Math.min(NEAR, 0.8 / spread);
  return { camera, start, end: { ...camera.place(), zoom } };
}
