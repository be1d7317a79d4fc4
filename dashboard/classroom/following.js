// Asks the server for the mark of the lecture, and has the page drawn again when it is another one.

const PAUSE = 1000; // milliseconds for the page to be drawn
const OFFLINE = 3000;
const watchers = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  if (!watchers.has(parentElement)) watchers.set(parentElement, new Watcher(component));
  const watcher = watchers.get(parentElement);
  watcher.component = component;
  return () => {
    watcher.closed = true;
    watchers.delete(parentElement);
  };
}

class Watcher {
  constructor(component) {
    this.component = component;
    this.watch();
  }

  async watch() {
    while (!this.closed) {
      const { path, seen } = this.component.data;
      const mark = await fetch(`${path}?seen=${seen}`).then((answer) => (answer.ok ? answer.text() : null), () => null);
      if (mark !== null && mark !== seen && seen === this.component.data.seen && !this.closed) {
        this.component.setTriggerValue("mark", mark);
      }
      if (mark !== seen) await new Promise((resolve) => setTimeout(resolve, mark === null ? OFFLINE : PAUSE));
    }
  }
}
