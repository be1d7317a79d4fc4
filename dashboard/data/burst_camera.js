// A camera that takes a burst of small square photos and sends them as JPEG data URLs. An instance stays with its element.

const SIDE = 256; // pixels
const PAUSE = 200; // milliseconds between two photos
const cameras = new WeakMap();

export default function (component) {
  const { parentElement } = component;
  if (!cameras.has(parentElement)) cameras.set(parentElement, new BurstCamera(parentElement));
  const camera = cameras.get(parentElement);
  camera.component = component;
  return () => {
    camera.close();
    cameras.delete(parentElement);
  };
}

class BurstCamera {
  constructor(element) {
    this.video = element.querySelector("video");
    this.button = element.querySelector("button");
    this.label = this.button.textContent;
    this.button.onclick = () => (this.taking ? (this.taking = false) : this.take());
    this.open();
  }

  async open() {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (this.closed) return stop(stream);
      this.video.srcObject = stream;
      await this.video.play();
      this.button.disabled = false;
    } catch (error) {
      if (!this.closed) this.button.textContent = `No camera: ${error.message}`;
    }
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

  photo() {
    const { videoWidth: width, videoHeight: height } = this.video;
    const side = Math.min(width, height);
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIDE;
    canvas.getContext("2d").drawImage(this.video, (width - side) / 2, (height - side) / 2, side, side, 0, 0, SIDE, SIDE);
    return canvas.toDataURL("image/jpeg", 0.95);
  }

  close() {
    this.closed = true;
    this.taking = false;
    if (this.video.srcObject) stop(this.video.srcObject);
  }
}

function stop(stream) {
  stream.getTracks().forEach((track) => track.stop());
}
