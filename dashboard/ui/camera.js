// The camera of the visitor's device. The components that show one put this before a class of their own: inline modules
// cannot import each other.

const SIDE = 256; // pixels of a photo, square

class Camera {
  constructor(element) {
    this.video = element.querySelector("video");
  }

  async open() {
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (this.closed) return stop(stream);
      this.video.srcObject = stream;
      await this.video.play();
      this.opened();
    } catch (error) {
      if (!this.closed) this.failed(`No camera: ${error.message}`);
    }
  }

  // A JPEG file of what it sees, as a data URL.
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
    if (this.video.srcObject) stop(this.video.srcObject);
  }
}

function stop(stream) {
  stream.getTracks().forEach((track) => track.stop());
}

// The function that Streamlit calls on every change: an instance of `kind` stays with its element and gets each state.
function keeper(kind) {
  const cameras = new WeakMap();
  return (component) => {
    const { parentElement } = component;
    const camera = cameras.get(parentElement) ?? new kind(parentElement);
    camera.update(component);
    if (!cameras.has(parentElement)) {
      cameras.set(parentElement, camera);
      camera.open();
    }
    return () => {
      camera.close();
      cameras.delete(parentElement);
    };
  };
}
