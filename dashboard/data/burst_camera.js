// A camera that takes a burst of small square photos and sends them.

const PAUSE = 200; // milliseconds between two photos

class BurstCamera extends Camera {
  constructor(element) {
    super(element);
    this.button = element.querySelector("button");
    this.label = this.button.textContent;
    this.button.onclick = () => (this.taking ? (this.taking = false) : this.take());
  }

  update(component) {
    this.component = component;
  }

  opened() {
    this.button.disabled = false;
  }

  failed(why) {
    this.button.textContent = why;
  }

  async take() {
    const count = this.component.data.count;
    const photos = [];
    this.taking = true;
    while (this.taking && photos.length < count) {
      photos.push(this.photo());
      this.button.textContent = `Stop · ${photos.length} of ${count}`;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    this.taking = false;
    this.button.textContent = this.label;
    if (!this.closed) this.component.setTriggerValue("photos", photos);
  }

  close() {
    this.taking = false;
    super.close();
  }
}

export default keeper(BurstCamera);
