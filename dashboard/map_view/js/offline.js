// The view as one HTML file that opens without a server: positions, columns, these modules, and the images if they fit.

import { escaped } from "./elements.js";

const INLINE = 10000; // images of 32 pixels; fewer of larger ones
const SHEET = 256; // images on a sheet

// How many images of this side fit into a file.
export function room(side) {
  return Math.floor(INLINE * Math.min(1, (32 / side) ** 2));
}

// The file as text. `rows`: images to include, [] for none.
export async function page(data, rows, theme) {
  const inline = async (url) => `data:application/octet-stream;base64,${base64(await bytes(url))}`;
  const own = {
    ...data,
    panels: await Promise.all(data.panels.map(async (panel) => ({ ...panel, url: await inline(panel.url) }))),
    columns: await Promise.all(data.columns.map(async (column) => ({ ...column, url: await inline(column.url) }))),
    rows: { ...data.rows, url: await inline(data.rows.url) },
    thumbnails: { ...data.thumbnails, sheets: await sheets(data.thumbnails, rows) },
    projector: false,
  };
  const sources = await program(data.modules, "view.js");
  const style = new TextDecoder().decode(await bytes(`${data.modules}map_view.css`));
  const title = data.panels.map((panel) => panel.title).join(", ");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escaped(title)}</title>
<style>:root{${theme}} body{margin:1.5rem;background:var(--st-background-color)} ${style}</style></head>
<body><div class="map-view"></div>
<script type="application/json" id="data">${json(own)}</script>
<script type="application/json" id="sources">${json(sources)}</script>
<script type="module">
const [data, sources] = ["data", "sources"].map((id) => JSON.parse(document.getElementById(id).textContent));
const made = {};
const make = (name) => made[name] ??= URL.createObjectURL(new Blob(
  [sources[name].replace(/from "\\.\\/([\\w-]+\\.js)"/g, (_, other) => 'from "' + make(other) + '"')], { type: "text/javascript" }));
const { View } = await import(make("view.js"));
new View({ parentElement: document, data, setStateValue() {} });
</script></body></html>`;
}

// Name -> text of a module and of all modules it imports.
async function program(folder, name, found = {}) {
  if (name in found) return found;
  found[name] = "";
  found[name] = new TextDecoder().decode(await bytes(folder + name));
  for (const [, other] of found[name].matchAll(/from "\.\/([\w-]+\.js)"/g)) await program(folder, other, found);
  return found;
}

// Thumbnails of rows, many on a sheet, as WebP if the browser supports it.
async function sheets({ url, side }, rows) {
  const found = [];
  for (let start = 0; start < rows.length; start += SHEET) {
    const part = rows.slice(start, start + SHEET);
    const bitmap = await createImageBitmap(new Blob([await bytes(`${url}&rows=${part.join(",")}`)]));
    const canvas = Object.assign(document.createElement("canvas"), { width: bitmap.width, height: bitmap.height });
    canvas.getContext("2d").drawImage(bitmap, 0, 0);
    bitmap.close();
    found.push({ rows: part, url: canvas.toDataURL("image/webp", side > 32 ? 0.75 : 0.85) });
  }
  return found;
}

async function bytes(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(await answer.text());
  return new Uint8Array(await answer.arrayBuffer());
}

function base64(content) {
  let text = "";
  for (let at = 0; at < content.length; at += 32768) text += String.fromCharCode(...content.subarray(at, at + 32768));
  return btoa(text);
}

function json(value) {
  return JSON.stringify(value).replace(/</g, "\\u003c");
}
