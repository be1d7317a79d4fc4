// The overlay above the points: images, rings, and the line of a lasso.

import { shuffled } from "./scene.js";

const FEW = 400; // points in sight; up to this number, each is shown as its image

export class Overlay {
  constructor(canvas, thumbnails) {
    Object.assign(this, { canvas, thumbnails, context: canvas.getContext("2d") });
  }

  // `ratio`: canvas pixels per screen pixel.
  begin(width, height, ratio) {
    const { canvas, context } = this;
    if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
    if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
  }

  // Restrict drawing to one panel.
  within([left, top, width, height], draw) {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    context.translate(left, top);
    draw();
    context.restore();
  }

  // Images of the visible points, as many as fit; the others stay dots. Unless `always`, only if few are in sight, and
  // larger the fewer they are. Returns rows whose image is missing.
  images({ screen, shown, rows, colours, width, height, tile, always }) {
    if (this.order?.length !== rows.length) this.order = shuffled(rows.length);
    const visible = (i) => {
      const x = screen[2 * i];
      const y = screen[2 * i + 1];
      return shown[i] && x >= 0 && y >= 0 && x < width && y < height;
    };
    if (!always) {
      let inSight = 0;
      for (let i = 0; i < rows.length; i++) if (visible(i) && ++inSight > FEW) return [];
      tile = Math.min(Math.max(0.45 * Math.sqrt((width * height) / inSight), tile), 2 * tile);
    }
    const across = Math.ceil(width / tile) + 2;
    const taken = new Int32Array(across * (Math.ceil(height / tile) + 2)).fill(-1);
    const free = (cell, x, y) => {
      for (const line of [-across, 0, across]) {
        for (let near = cell + line - 1; near <= cell + line + 1; near++) {
          const i = taken[near];
          if (i >= 0 && Math.abs(screen[2 * i] - x) < tile - 3 && Math.abs(screen[2 * i + 1] - y) < tile - 3) return false;
        }
      }
      return true;
    };
    const seen = [];
    for (const i of this.order) {
      const x = screen[2 * i];
      const y = screen[2 * i + 1];
      if (!visible(i)) continue;
      const cell = Math.floor(x / tile) + 1 + across * (Math.floor(y / tile) + 1);
      if (taken[cell] >= 0 || !free(cell, x, y)) continue;
      taken[cell] = i;
      seen.push(i);
    }
    const { context } = this;
    const size = tile - 6;
    context.lineWidth = 3;
    const missing = [];
    for (const i of seen) {
      const [x, y] = [screen[2 * i] - size / 2, screen[2 * i + 1] - size / 2];
      if (!this.thumbnails.draw(context, rows[i], x, y, size)) missing.push(rows[i]);
      context.strokeStyle = colours(i);
      context.strokeRect(x, y, size, size);
    }
    return missing;
  }

  ring(x, y, radius, ink, paper) {
    const { context } = this;
    for (const [width, colour] of [[5, paper], [2.5, ink]]) {
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.stroke();
    }
  }

  // A position that is not an image of the map.
  pin(x, y, radius, ink, paper) {
    const { context } = this;
    context.beginPath();
    for (const [dx, dy] of [[0, -1], [1, 0], [0, 1], [-1, 0]]) context.lineTo(x + dx * radius, y + dy * radius);
    context.closePath();
    context.fillStyle = ink;
    context.fill();
    context.lineWidth = 2.5;
    context.strokeStyle = paper;
    context.stroke();
  }

  drawn(polygon, ink) {
    const { context } = this;
    context.beginPath();
    polygon.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.globalAlpha = 0.12;
    context.fillStyle = ink;
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = 2;
    context.strokeStyle = ink;
    context.setLineDash([6, 4]);
    context.stroke();
    context.setLineDash([]);
  }
}
