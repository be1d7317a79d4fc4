// Asks the server for the mark of the lecture, and has the page drawn again when it is another one.
// A tab in the background does not ask: a browser opens few connections to a server.

const PAUSE = 1000; // milliseconds for the page to be drawn
const OFFLINE = 3000;
const PATIENCE = 10000; // on a busy server, before the page is asked for once more
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
    this.asked = { seen: null, at: 0 }; // the mark of the page when it was last to be drawn again
    this.watch();
  }

  async watch() {
    while (!this.closed) {
      if (document.hidden) {
        await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
        continue;
      }
      const { path, seen } = this.component.data;
      const mark = await fetch(`${path}?seen=${seen}`).then((answer) => (answer.ok ? answer.text() : null), () => null);
      if (mark !== null && mark !== seen) this.ask(seen, mark);
      if (mark !== seen) await new Promise((resolve) => setTimeout(resolve, mark === null ? OFFLINE : PAUSE));
    }
  }

  ask(seen, mark) {
    const asked = seen === this.asked.seen && Date.now() - this.asked.at < PATIENCE;
    if (asked || seen !== this.component.data.seen || this.closed) return;
    this.asked = { seen, at: Date.now() };
    this.component.setTriggerValue("mark", mark);
  }
}
