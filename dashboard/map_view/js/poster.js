// A view as a picture file: PNG at the sizes of a projector and of paper, and SVG, with maps, titles and legend.

import { css, number, range, scale } from "./columns.js";
import { drawMarks } from "./drawing.js";
import { escaped } from "./elements.js";
import { Overlay } from "./overlay.js";
import { Scene } from "./scene.js";

export const SIZES = {
  projector: { width: 1920, height: 1080, type: 24, dots: 1.6 },
  paper: { width: 2126, height: 1417, type: 34, dots: 1.9, dpi: 300 }, // 18 x 12 cm
};

// A PNG as a Blob, from the state that `view.seen()` returns.
export async function png(seen, { width, height, type, dots, dpi }) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  const plan = layOut(seen, width, height, type);
  const [paper, ink] = dpi ? ["#ffffff", "#1b1f2a"] : [seen.paper, seen.ink];
  const overlay = new Overlay(canvas, seen.thumbnails);
  const screens = plan.rects.map((rect, i) => seen.screen(i, rect));
  const images = (i) => overlay.images(seen.tiles(screens[i], plan.rects[i], 34 * dots));
  if (seen.images) await seen.thumbnails.all(seen.views.flatMap((_, i) => images(i))); // a first pass finds which images are needed
  context.fillStyle = paper;
  context.fillRect(0, 0, width, height);
  const scene = new Scene(Object.assign(document.createElement("canvas"), { width, height }));
  scene.setMaps(seen.laid);
  scene.setValues(seen.codes);
  scene.setPalette(seen.palette);
  scene.setChosen(seen.chosen);
  const views = seen.views.map((view, i) => ({
    ...view,
    rect: plan.rects[i],
    matrix: view.camera.matrix(plan.rects[i][2], plan.rects[i][3]),
  }));
  scene.draw(views, seen.diameter * dots);
  context.drawImage(scene.canvas, 0, 0); // in the same task: WebGL does not keep its picture longer
  scene.destroy();
  const radius = (seen.diameter * dots) / 2 + 5 * dots;
  views.forEach((view, i) =>
    overlay.within(view.rect, () => {
      if (seen.images) images(i);
      drawMarks(overlay, seen.marks.points, screens[i], radius, { ...seen.marks, ink, paper });
      for (const [x, y] of seen.pins(i, view.rect)) overlay.pin(x, y, radius + 4, seen.marks.accent, paper);
    }),
  );
  context.fillStyle = ink;
  context.textBaseline = "alphabetic";
  const family = seen.font;
  for (const { text, x, y, bold } of plan.words) {
    context.font = `${bold ? 600 : 400} ${type * (bold ? 1.1 : 0.9)}px ${family}`;
    context.fillText(text, x, y);
  }
  for (const { colour, x, y, w, h } of plan.patches) {
    context.fillStyle = colour;
    context.fillRect(x, y, w, h);
  }
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  return dpi ? withDensity(blob, dpi) : blob;
}

// An SVG as text: points of one colour are one path of round dots.
export function svg(seen, { width, height, type, dots }) {
  const plan = layOut(seen, width, height, type);
  const [paper, ink] = ["#ffffff", "#1b1f2a"];
  const maps = plan.rects.map((rect, panel) => {
    const drawn = dotsByColour(seen, seen.screen(panel, rect), rect).map(
      ([code, path]) =>
        `<path d="${path}" stroke="${css(seen.palette.subarray(4 * code, 4 * code + 3))}"/>`,
    );
    const dot = `fill="none" stroke-linecap="round" stroke-width="${(seen.diameter * dots).toFixed(2)}" stroke-opacity="0.8"`;
    return `<g transform="translate(${rect[0].toFixed(1)} ${rect[1].toFixed(1)})" ${dot}>${drawn.join("")}</g>`;
  });
  const words = plan.words.map(({ text, x, y, bold }) => {
    const size = type * (bold ? 1.1 : 0.9);
    return `<text x="${x}" y="${y}" font-size="${size}" font-weight="${bold ? 600 : 400}">${escaped(text)}</text>`;
  });
  const patches = plan.patches.map(
    ({ colour, x, y, w, h }) => `<rect x="${x}" y="${y}" width="${w}" height="${h}" fill="${colour}"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    ` font-family="sans-serif" fill="${ink}"><rect width="${width}" height="${height}" fill="${paper}"/>`,
    ...[...maps, ...words, ...patches],
    "</svg>",
  ].join("\n");
}

// The layout: rectangles of the maps, texts, and colour patches.
function layOut(seen, width, height, type) {
  const margin = type;
  const aside = type * 11; // for the legend
  const room = [width - aside - 2 * margin, height - 2 * margin];
  const head = type * 3;
  const rects = seen.rectangles(...room).map(([l, t, w, h]) => [l + margin, t + margin + head, w, h - head]);
  const words = rects.flatMap(([x, y], i) => [
    { text: seen.titles[i].title, x, y: y - head + type * 1.2, bold: true },
    { text: seen.titles[i].caption, x, y: y - head + type * 2.4 },
  ]);
  const patches = [];
  const x = width - aside;
  words.push({ text: seen.colour.title, x, y: margin + type * 1.2, bold: true });
  if (seen.colour.kind === "class") {
    seen.legend.slice(0, Math.floor(room[1] / (1.5 * type)) - 2).forEach(({ name, colour }, i) => {
      const y = margin + type * (2.8 + 1.5 * i);
      patches.push({ colour, x, y: y - 0.75 * type, w: 0.8 * type, h: 0.8 * type });
      words.push({ text: name, x: x + 1.3 * type, y });
    });
  } else {
    const { low, high } = range(seen.colour);
    const step = (aside - 2 * margin) / 64;
    for (let i = 0; i < 64; i++) {
      patches.push({ colour: css(scale(i / 63, seen.dark)), x: x + i * step, y: margin + 2 * type, w: step + 0.5, h: type });
    }
    words.push({ text: `${number(low, seen.colour.unit)} to ${number(high, seen.colour.unit)}`, x, y: margin + 4.3 * type });
  }
  return { rects, words, patches };
}

function dotsByColour(seen, screen, [, , width, height]) {
  const paths = new Map();
  for (let i = 0; i < seen.shown.length; i++) {
    const [x, y] = [screen[2 * i], screen[2 * i + 1]];
    const inside = x >= 0 && y >= 0 && x <= width && y <= height;
    if (!inside || !seen.shown[i] || (seen.chosen && !seen.chosen[i])) continue;
    const dot = `M${x.toFixed(1)} ${y.toFixed(1)}h0`;
    if (!paths.has(seen.codes[i])) paths.set(seen.codes[i], []);
    paths.get(seen.codes[i]).push(dot);
  }
  return [...paths].map(([code, dots]) => [code, dots.join("")]);
}

// The same PNG with its resolution (chunk pHYs, after the header), so that it prints at its size.
async function withDensity(blob, dpi) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const chunk = new DataView(new ArrayBuffer(21));
  const perMetre = Math.round(dpi / 0.0254);
  chunk.setUint32(0, 9);
  [..."pHYs"].forEach((letter, i) => chunk.setUint8(4 + i, letter.charCodeAt(0)));
  chunk.setUint32(8, perMetre);
  chunk.setUint32(12, perMetre);
  chunk.setUint8(16, 1);
  chunk.setUint32(17, checksum(new Uint8Array(chunk.buffer, 4, 13)));
  const header = 33; // signature and IHDR
  return new Blob([bytes.subarray(0, header), chunk, bytes.subarray(header)], { type: "image/png" });
}

// CRC-32 as in the PNG specification.
function checksum(bytes) {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}
