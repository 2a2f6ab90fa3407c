// The browser's camera, and its pictures as JPEG.

const LONGEST = 640; // pixels of the longer side that is sent
const QUALITY = 0.8;

/** Runs the camera in `video` and hands each picture to `take(blob, milliseconds, size)`. */
export class Camera {
  #video;
  #ready;
  #take;
  #gone;
  #stream = null;
  #canvas = null;
  #busy = 0;
  #clock = null;
  #turn = 0; // of starts and stops: what comes of an earlier one counts no more

  /** `ready()` tells whether a picture may be sent now; `gone()` is called when the camera was
   * unplugged or taken away. */
  constructor(video, ready, take, gone) {
    this.#video = video;
    this.#ready = ready;
    this.#take = take;
    this.#gone = gone;
  }

  get running() {
    return this.#stream !== null;
  }

  get stream() {
    return this.#stream;
  }

  /** Whether it shows the user, as a mirror would. */
  get facing() {
    const facing = this.#stream?.getVideoTracks()[0]?.getSettings().facingMode;
    return facing !== "environment";
  }

  /** Start the camera `device`, or the usual one; false if it was stopped or started anew meanwhile.
   * Throws what the browser does. */
  async start(device) {
    this.stop();
    const turn = this.#turn;
    if (!navigator.mediaDevices?.getUserMedia) throw new DOMException("insecure", "InsecureError");
    const wish = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30, max: 60 } };
    if (device) wish.deviceId = { exact: device };
    else wish.facingMode = "user";
    const stream = await navigator.mediaDevices.getUserMedia({ video: wish, audio: false });
    if (turn !== this.#turn) {
      for (const track of stream.getTracks()) track.stop();
      return false;
    }
    this.#stream = stream;
    for (const track of stream.getVideoTracks()) {
      track.onended = () => {
        if (this.#stream !== stream) return;
        this.stop();
        this.#gone();
      };
    }
    this.#video.srcObject = stream;
    try {
      await this.#video.play();
    } catch (error) {
      if (turn !== this.#turn) return false;
      this.stop();
      throw error;
    }
    if (turn !== this.#turn) return false;
    this.#clock = null;
    this.#next(turn);
    return true;
  }

  stop() {
    this.#turn += 1;
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#stream = null;
    this.#video.srcObject = null;
  }

  #next(turn) {
    if (turn !== this.#turn) return;
    if (this.#video.requestVideoFrameCallback) {
      this.#video.requestVideoFrameCallback((now, more) => this.#picture(turn, now, more));
    } else {
      requestAnimationFrame((now) => this.#picture(turn, now, {}));
    }
  }

  async #picture(turn, now, more) {
    this.#next(turn);
    if (turn !== this.#turn || document.hidden || this.#busy > 1 || !this.#ready()) return;
    // one clock for the whole stream: the camera's own where the browser tells it
    this.#clock ??= more.captureTime === undefined ? "now" : "capture";
    const milliseconds = this.#clock === "capture" && more.captureTime !== undefined ? more.captureTime : now;
    const { videoWidth, videoHeight } = this.#video;
    if (!videoWidth) return;
    const scale = Math.min(1, LONGEST / Math.max(videoWidth, videoHeight));
    const width = Math.round(videoWidth * scale);
    const height = Math.round(videoHeight * scale);
    this.#busy += 1;
    try {
      const blob = await this.#encode(width, height);
      if (blob) await this.#take(blob, milliseconds, { width, height });
    } finally {
      this.#busy -= 1;
    }
  }

  #encode(width, height) {
    const offscreen = typeof OffscreenCanvas !== "undefined";
    if (!this.#canvas) this.#canvas = offscreen ? new OffscreenCanvas(width, height) : document.createElement("canvas");
    if (this.#canvas.width !== width || this.#canvas.height !== height) Object.assign(this.#canvas, { width, height });
    const context = this.#canvas.getContext("2d", { alpha: false, desynchronized: true });
    context.drawImage(this.#video, 0, 0, width, height);
    if (offscreen) return this.#canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY });
    return new Promise((done) => this.#canvas.toBlob(done, "image/jpeg", QUALITY));
  }
}

/** The cameras of the device; their names are known once one was allowed. */
export async function cameras() {
  const all = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  return all.filter((each) => each.kind === "videoinput");
}
