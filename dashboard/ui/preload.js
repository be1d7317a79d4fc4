// Loads scripts of Streamlit's own once the browser is idle; a page that needs one finds it ready.

const WAIT = 2000; // milliseconds in a browser that does not say when it is idle
let begun = false;

export default function ({ data }) {
  const beside = document.querySelector("script[type=module][src]")?.src; // where Streamlit's scripts are
  if (begun || !beside || navigator.connection?.saveData) return;
  begun = true;
  const load = () => data.files.forEach((file) => import(new URL(file, beside)).catch(() => {})); // the page that needs it says so
  if (window.requestIdleCallback) requestIdleCallback(load);
  else setTimeout(load, WAIT);
}
