// The download menu.

import { button, element } from "./elements.js";
import { page, room } from "./offline.js";
import { png, SIZES, svg } from "./poster.js";

const LONGEST = 80; // characters of a file's name

export class Downloads {
  // `view` has seen(), data, rows, chosen, theme(), and tell(words).
  constructor(parent, view) {
    this.view = view;
    this.list = element("div", { className: "list", role: "menu", hidden: true });
    this.opener = button("Download", () => this._toggle(), { "aria-haspopup": "menu", "aria-expanded": "false" });
    parent.append(this.opener, this.list);
    parent.addEventListener("keydown", (event) => event.key === "Escape" && this._close());
    parent.addEventListener("focusout", (event) => {
      if (!parent.contains(event.relatedTarget)) this._close();
    });
  }

  _toggle() {
    if (!this.list.hidden) {
      this._close();
      return;
    }
    const rows = this._along();
    const without = `no images: ${this.view.rows.length.toLocaleString("en")} are too many, ${room(this._side()).toLocaleString("en")} selected ones fit`;
    const images = rows.length ? `with ${rows.length.toLocaleString("en")} images` : without;
    this.list.replaceChildren(
      this._item("Picture for a projector", "PNG, 1920 x 1080", "png", () => png(this.view.seen(), SIZES.projector)),
      this._item("Picture for paper", "PNG, 18 x 12 cm at 300 dpi", "png", () => png(this.view.seen(), SIZES.paper)),
      this._item("Drawing", "SVG, dots only", "svg", async () => {
        return new Blob([svg(this.view.seen(), SIZES.projector)], { type: "image/svg+xml" });
      }),
      this._item("Map that opens offline", `HTML, ${images}`, "html", async () => {
        return new Blob([await page(this.view.data, rows, this.view.theme())], { type: "text/html" });
      }),
    );
    this.list.hidden = false;
    this.opener.setAttribute("aria-expanded", "true");
    this.list.firstChild.focus();
  }

  _close() {
    this.list.hidden = true;
    this.opener.setAttribute("aria-expanded", "false");
  }

  _item(title, note, suffix, make) {
    const node = button("", async () => {
      this._close();
      this.opener.textContent = "Creating the file";
      try {
        save(await make(), `${this._name()}.${suffix}`);
      } catch (error) {
        this.view.tell(`It could not be made: ${error.message}`);
      } finally {
        this.opener.textContent = "Download";
      }
    }, { role: "menuitem" });
    node.append(element("strong", { textContent: title }), element("span", { textContent: note }));
    return node;
  }

  // Images to include in a file: the selected ones, or all, if they are few enough.
  _along() {
    const { rows, chosen } = this.view;
    const wanted = chosen ? rows.filter((_, i) => chosen[i]) : rows;
    return wanted.length <= room(this._side()) ? Array.from(wanted) : [];
  }

  // The name of a file, from the titles of the maps: umap-of-mobilenetv2-at-96-px-features-10-000-test-images-of-cifar-10.
  _name() {
    const titles = this.view.data.panels.map((panel) => panel.title).join(" ");
    return titles.toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, LONGEST).replace(/^-|-$/g, "") || "map";
  }

  _side() {
    return this.view.data.thumbnails.side;
  }
}

function save(blob, name) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
