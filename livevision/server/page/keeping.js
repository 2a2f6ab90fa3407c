// What goes to the user's own disk: text, captions, recordings. Nothing of it passes the server.

import { paint } from "./drawing.js";

/** Offer `content` as a file to be saved. */
export function download(content, name, type) {
  const address = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/** A name with the time in it. */
export function named(ending) {
  const now = new Date(Date.now() - new Date().getTimezoneOffset() * 60000);
  return `livevision-${now.toISOString().slice(0, 19).replace(/[:T]/g, "-")}.${ending}`;
}

const FORMATS = ["video/mp4;codecs=avc1", "video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm"];
const RATE = 30;

/** Records the picture with what is drawn and written on it. */
export class Recorder {
  #recorder = null;
  #writing = null;
  #parts = [];
  #timer = 0;
  #asking = false; // where it shall go

  get running() {
    return this.#recorder !== null;
  }

  /** `picture` gives a video or image, its result and size, whether mirrored, and the text. When it
   * has ended, by `stop` or by itself, and all is written, `over(error)` is called; `error` says why
   * it is not all there, and is null if it is. Throws what the browser does. */
  async start(picture, over) {
    if (this.#asking) return;
    this.#asking = true;
    try {
      await this.#start(picture, over);
    } finally {
      this.#asking = false;
    }
  }

  async #start(picture, over) {
    const type = FORMATS.find((each) => MediaRecorder.isTypeSupported(each));
    if (!type) throw new DOMException("no format", "NotSupportedError");
    const name = named(type.startsWith("video/mp4") ? "mp4" : "webm");
    this.#writing = null;
    if (window.showSaveFilePicker) {
      // straight to the disk: an hour would not fit into memory
      const file = await window.showSaveFilePicker({ suggestedName: name });
      this.#writing = await file.createWritable();
    }
    const canvas = document.createElement("canvas");
    const first = picture();
    Object.assign(canvas, first.size);
    const context = canvas.getContext("2d", { alpha: false });
    const drawOne = () => this.#draw(context, canvas, picture());
    drawOne();
    this.#timer = setInterval(drawOne, 1000 / RATE);
    const recorder = new MediaRecorder(canvas.captureStream(RATE), { mimeType: type, videoBitsPerSecond: 2500000 });
    this.#parts = [];
    const writing = this.#writing;
    let trouble = null;
    const failed = (error) => {
      trouble ??= error;
      this.stop();
    };
    recorder.ondataavailable = (event) => {
      if (!writing) this.#parts.push(event.data);
      else writing.write(event.data).catch(failed); // the disk is full, say
    };
    recorder.onerror = (event) => failed(event.error ?? event);
    recorder.onstop = async () => {
      this.stop();
      const parts = this.#parts;
      this.#parts = [];
      try {
        if (writing) await writing.close();
        else download(new Blob(parts, { type }), name, type);
      } catch (error) {
        trouble ??= error;
      }
      over(trouble);
    };
    recorder.start(1000);
    this.#recorder = recorder;
  }

  stop() {
    clearInterval(this.#timer);
    const recorder = this.#recorder;
    this.#recorder = null;
    if (recorder && recorder.state !== "inactive") recorder.stop();
  }

  #draw(context, canvas, { source, result, size, mirrored, text }) {
    if (source.naturalWidth === 0) return; // a picture of the host's that does not come now
    const { width, height } = canvas;
    context.save();
    if (mirrored) {
      context.translate(width, 0);
      context.scale(-1, 1);
    }
    context.drawImage(source, 0, 0, width, height);
    context.restore();
    if (result) paint(context, result, size, mirrored, { scale: width / size.width, left: 0, top: 0, ratio: 1 });
    const line = text.slice(-60).replace(/^\S*\s/, (cut) => (text.length > 60 ? "" : cut));
    if (!line) return;
    const letter = Math.round(height / 12);
    context.fillStyle = "#000c";
    context.fillRect(0, height - letter * 1.7, width, letter * 1.7);
    context.font = `650 ${letter}px system-ui, sans-serif`;
    context.fillStyle = "#fff";
    context.textBaseline = "middle";
    context.textAlign = "center";
    context.fillText(line, width / 2, height - letter * 0.85, width - 16);
  }
}
