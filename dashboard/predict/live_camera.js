// A camera that has what it sees predicted, again and again: a photo is sent once the last one is answered, and none
// while the tab is hidden.

const PAUSE = 500; // milliseconds between two photos, at least
const PATIENCE = 2000; // milliseconds after which another photo asks for an answer that does not come

class LiveCamera extends Camera {
  constructor(element) {
    super(element);
    this.models = element.querySelector(".models");
    this.note = element.querySelector(".note");
    this.at = 0;
  }

  opened() {
    this.note.textContent = "Waiting for the first prediction";
    this.timer = setInterval(() => this.look(), 50);
  }

  failed(why) {
    this.note.textContent = why;
  }

  look() {
    const since = performance.now() - this.at;
    const answered = this.component.data.photo === this.sent;
    if (document.hidden || since < (answered ? PAUSE : PATIENCE)) return;
    this.at = performance.now();
    this.sent = this.component.data.photo + 1;
    this.component.setTriggerValue("seen", this.photo());
  }

  update(component) {
    this.component = component;
    this.sent ??= component.data.photo;
    if (component.data.note) this.note.textContent = component.data.note;
    component.data.models.forEach((model, index) => show(this.model(index), model));
    while (this.models.children.length > component.data.models.length) this.models.lastChild.remove();
  }

  model(index) {
    return this.models.children[index] ?? this.models.appendChild(document.createElement("section"));
  }

  close() {
    clearInterval(this.timer);
    super.close();
  }
}

// The bars of a model; each stays with its place, so that its width moves.
function show(section, { title, time, bars }) {
  const rows = [...section.querySelectorAll(".bar")];
  if (rows.length !== bars.length) {
    section.replaceChildren(
      element("h4"),
      ...bars.map(() => element("div", "bar", element("span"), element("i"), element("b"))),
      element("small"),
    );
    return show(section, { title, time, bars });
  }
  section.querySelector("h4").textContent = title;
  section.querySelector("small").textContent = time;
  bars.forEach(({ name, percent, colour }, place) => {
    const [label, bar, number] = rows[place].children;
    label.textContent = name;
    bar.style.setProperty("--percent", percent);
    bar.style.background = colour;
    number.textContent = `${percent.toFixed(0)} %`;
  });
}

function element(name, kind = "", ...children) {
  const made = document.createElement(name);
  made.className = kind;
  made.append(...children);
  return made;
}

export default keeper(LiveCamera);
