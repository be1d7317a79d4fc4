// The values of points, as colours and as text.

const STEPS = 256; // colours of a scale
const FAINT = 0.3; // opacity of points without a value, which must not cover the others

// Cividis (Nuñez, Anderton and Renslow 2018, doi:10.1371/journal.pone.0199239), which looks alike to colour-blind readers.
const CIVIDIS = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369", "#e1cc55", "#fee838"];

// The values of a column, from the server's bytes.
export function valuesOf(column, bytes) {
  return column.kind === "class" ? new Uint16Array(bytes) : new Float32Array(bytes);
}

export async function fetched(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.arrayBuffer();
}

// Codes (n) for the scene and their palette. `hidden` classes are not drawn; a column's `unknown` is the name of the class
// without a value.
export function colouring(column, hidden, { grey, alpha, dark }) {
  const [opaque, faint] = [alpha, FAINT * alpha].map((part) => Math.round(255 * part));
  if (column.kind === "class") {
    const count = column.names.length;
    const palette = new Uint8Array(4 * (count + 1));
    const alphas = [...column.names.map((name) => (name === column.unknown ? faint : opaque)), faint];
    const seen = (code) => (hidden.has(code) ? 0 : alphas[code]);
    column.colours.forEach((colour, code) => palette.set([...rgb(colour), seen(code)], 4 * code));
    palette.set([...rgb(grey), seen(count)], 4 * count);
    return { codes: column.values.map((code) => Math.min(code, count)), palette };
  }
  const { low, high } = range(column);
  const palette = new Uint8Array(4 * (STEPS + 1));
  for (let step = 0; step < STEPS; step++) palette.set([...scale(step / (STEPS - 1), dark), opaque], 4 * step);
  palette.set([...rgb(grey), faint], 4 * STEPS);
  const codes = Uint16Array.from(column.values, (value) =>
    Number.isNaN(value) ? STEPS : Math.round(((STEPS - 1) * (value - low)) / (high - low || 1)),
  );
  return { codes, palette };
}

// (n) 1 for points whose colour is drawn.
export function shown(codes, palette) {
  return Uint8Array.from(codes, (code) => (palette[4 * code + 3] ? 1 : 0));
}

export function range(column) {
  if (!column.range) {
    let [low, high] = [Infinity, -Infinity];
    for (const value of column.values) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    column.range = low > high ? { low: 0, high: 0 } : { low, high };
  }
  return column.range;
}

// The number of points of each class; the last is for unknown classes.
export function counts(column) {
  const found = new Array(column.names.length + 1).fill(0);
  for (const code of column.values) found[Math.min(code, column.names.length)]++;
  return found;
}

// The value of a point as text, "" if unknown.
export function told(column, index) {
  const value = column.values[index];
  if (column.kind === "class") return column.names[value] ?? "";
  return Number.isNaN(value) ? "" : number(value, column.unit);
}

export function number(value, unit) {
  if (unit === "%") return `${(100 * value).toFixed(1)} %`;
  return Math.abs(value) >= 1000 || Number.isInteger(value) ? value.toLocaleString("en") : value.toPrecision(3);
}

export function css([red, green, blue]) {
  return `rgb(${red},${green},${blue})`;
}

// Red, green and blue, 0 to 255, at 0..1 on the scale, without its darkest part, which would not show on a dark page.
export function scale(place, dark) {
  const start = dark ? 0.25 : 0;
  const at = (start + (1 - start) * Math.min(Math.max(place, 0), 1)) * (CIVIDIS.length - 1);
  const [one, other] = [rgb(CIVIDIS[Math.floor(at)]), rgb(CIVIDIS[Math.ceil(at)])];
  return one.map((part, i) => Math.round(part + (other[i] - part) * (at % 1)));
}

// Brightness of a colour #rrggbb, from 0 for black to 1 for white.
export function lightness(hex) {
  const [red, green, blue] = rgb(hex);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}

function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}
