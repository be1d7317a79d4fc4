// Images by row, many on one sheet; those near the cursor are prefetched.

const ACROSS = 16; // images in a line of a sheet, as on the server
const MOST = 256; // images in one prefetched sheet
const BUDGET = 96e6; // bytes of decoded pixels

export class Thumbnails {
  // `url` takes ?rows=; `arrived` is called when more images can be drawn; `sheets` [{rows, url}]: all images, offline.
  constructor({ url, side, sheets }, arrived) {
    Object.assign(this, { url, side, arrived });
    this.tiles = new Map(); // row -> {bitmap, x, y}
    this.sheets = []; // oldest first
    this.asked = new Set();
    this.busy = false;
    this.next = [];
    this.offline = Boolean(sheets);
    for (const sheet of sheets ?? []) this._fetch(sheet.rows, sheet.url);
  }

  get(row) {
    return this.tiles.get(row);
  }

  // Fetch an image at once.
  want(row) {
    if (!this._known(row)) this._fetch([row]);
  }

  // Prefetch these, the likeliest first, instead of those requested before.
  foresee(rows) {
    this.next = rows.filter((row) => !this._known(row)).slice(0, MOST);
    this._continue();
  }

  // Resolves when all of these that can be fetched have arrived.
  async all(rows) {
    for (let start = 0; start < rows.length; start += MOST) {
      const missing = rows.slice(start, start + MOST).filter((row) => !this._known(row));
      if (missing.length) await this._fetch(missing);
    }
  }

  // Draw a row's image into a rectangle; false if it has not arrived yet.
  draw(context, row, x, y, size) {
    const tile = this.get(row);
    if (!tile) return false;
    context.imageSmoothingEnabled = size < this.side;
    context.drawImage(tile.bitmap, tile.x, tile.y, this.side, this.side, x, y, size, size);
    return true;
  }

  _known(row) {
    return this.offline || this.tiles.has(row) || this.asked.has(row);
  }

  _continue() {
    const rows = this.next.filter((row) => !this._known(row));
    if (this.busy || !rows.length) return;
    this.busy = true;
    this.next = [];
    this._fetch(rows).finally(() => {
      this.busy = false;
      this._continue();
    });
  }

  async _fetch(rows, url = `${this.url}&rows=${rows.join(",")}`) {
    for (const row of rows) this.asked.add(row);
    try {
      const answer = await fetch(url);
      if (!answer.ok) return;
      const bitmap = await createImageBitmap(await answer.blob());
      rows.forEach((row, place) => {
        const [x, y] = [(place % ACROSS) * this.side, Math.floor(place / ACROSS) * this.side];
        this.tiles.set(row, { bitmap, x, y });
      });
      this.sheets.push({ bitmap, rows });
      this._evict();
      this.arrived();
    } catch {
      // The server does not answer: the card keeps its text, and the next hover tries again.
    } finally {
      for (const row of rows) this.asked.delete(row);
    }
  }

  _evict() {
    let bytes = this.sheets.reduce((sum, { bitmap }) => sum + 4 * bitmap.width * bitmap.height, 0);
    while (bytes > BUDGET && this.sheets.length > 1 && !this.offline) {
      const { bitmap, rows } = this.sheets.shift();
      bytes -= 4 * bitmap.width * bitmap.height;
      for (const row of rows) if (this.tiles.get(row)?.bitmap === bitmap) this.tiles.delete(row);
      bitmap.close();
    }
  }
}
