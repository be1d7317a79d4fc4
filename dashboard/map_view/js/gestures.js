// Mouse, touch and keys on the map, translated into gestures: move, zoom, rotate, hover, click, draw a line.

const STILL = 4; // pixels that a click may move
const KEYS = {
  ArrowLeft: ["step", 1, 0],
  ArrowRight: ["step", -1, 0],
  ArrowUp: ["step", 0, 1],
  ArrowDown: ["step", 0, -1],
  "+": ["closer", 1.4],
  "=": ["closer", 1.4],
  "-": ["closer", 1 / 1.4],
  0: ["fit"],
  n: ["next", 1],
  p: ["next", -1],
  Enter: ["take"],
  v: ["chooseInSight"],
  l: ["mode", "lasso"],
  b: ["mode", "box"],
  m: ["mode", "move"],
  Escape: ["leave"],
};

// `on` has a function for each gesture; positions are pixels of the stage. Returns a function that stops listening.
export function listen(stage, on) {
  const fingers = new Map();
  let began = null;
  let line = null;
  let apart = 0;

  const place = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const spread = () => {
    const [one, other] = [...fingers.values()];
    return {
      distance: Math.hypot(one[0] - other[0], one[1] - other[1]),
      middle: [(one[0] + other[0]) / 2, (one[1] + other[1]) / 2],
    };
  };
  const handlers = {
    pointerdown(event) {
      stage.focus({ preventScroll: true });
      stage.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, place(event));
      if (fingers.size === 2) {
        apart = spread().distance;
        line = began = null;
        return;
      }
      began = { at: place(event), last: place(event), moved: false, aside: event.button === 2 || event.ctrlKey };
      const drawing = event.button === 0 && on.drawing(event.shiftKey);
      line = drawing ? { kind: drawing, points: [place(event)] } : null;
    },
    pointermove(event) {
      const at = place(event);
      if (fingers.has(event.pointerId)) fingers.set(event.pointerId, at);
      if (fingers.size === 2) {
        const { distance, middle } = spread();
        on.approach(distance / apart, ...middle);
        apart = distance;
        return;
      }
      if (!began) {
        on.point(...at);
        return;
      }
      const [dx, dy] = [at[0] - began.last[0], at[1] - began.last[1]];
      began.moved ||= Math.hypot(at[0] - began.at[0], at[1] - began.at[1]) > STILL;
      if (!began.moved) return;
      began.last = at;
      if (!line) on.drag(dx, dy, began.at, began.aside);
      else {
        if (line.kind === "box") line.points = box(began.at, at);
        else line.points.push(at);
        on.draw(line.points, began.at);
      }
    },
    pointerup(event) {
      fingers.delete(event.pointerId);
      if (!began) return;
      if (!began.moved) on.click(...began.at, event.pointerType);
      else if (line) on.drawn(line.points, began.at);
      else on.rest();
      began = line = null;
    },
    pointercancel(event) {
      fingers.delete(event.pointerId);
      began = line = null;
      on.rest();
    },
    pointerleave() {
      if (!began) on.away();
    },
    wheel(event) {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      on.approach(Math.exp(-Math.max(-200, Math.min(200, event.deltaY * lines)) / 350), ...place(event));
    },
    dblclick(event) {
      on.approach(event.shiftKey ? 0.5 : 2, ...place(event));
    },
    contextmenu(event) {
      event.preventDefault();
    },
    keydown(event) {
      const [meaning, ...values] = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? [];
      if (!meaning || event.ctrlKey || event.metaKey || event.altKey || event.target !== stage) return;
      event.preventDefault();
      on[meaning](...values);
    },
  };
  for (const [name, handler] of Object.entries(handlers)) stage.addEventListener(name, handler, { passive: false });
  return () => {
    for (const [name, handler] of Object.entries(handlers)) stage.removeEventListener(name, handler);
  };
}

function box([x0, y0], [x1, y1]) {
  return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]];
}
