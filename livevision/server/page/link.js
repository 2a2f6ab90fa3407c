// The way to the server and back: pictures out, results in. A WebSocket; where that is refused
// (as Safari does with a certificate it does not trust), one POST a picture.

export const FULL = 4429;
const OPEN = 1; // state of a WebSocket
const HEADER = 16; // bytes: u32 number, f64 milliseconds, u8 flags, 3 of padding; little-endian
const UNANSWERED = 2; // pictures that may be under way at a time
const REFUSALS = 2; // WebSockets that never opened, after which pictures are posted
const PATIENCE = 3000; // ms without an answer, after which the way is taken to be free again

/** Whether somebody answers at all: a server that is away refuses sockets, too. */
function there() {
  return fetch("/api/health").then(() => true, () => false);
}

/** Calls `on.open()`, `on.result(result)` and `on.closed({code, reason, retry})`. */
export class Link {
  #on;
  #socket = null;
  #sequence = 0;
  #answered = -1;
  #sentAt = 0;
  #refused = 0;
  #session = null; // of posted pictures: its name, and what breaks off those under way
  #ended = false;

  constructor(on) {
    this.#on = on;
  }

  open() {
    this.#ended = false;
    this.#sequence = 0;
    this.#answered = -1;
    const before = this.#socket;
    this.#socket = null;
    before?.close();
    this.#session?.broken.abort();
    this.#session = null;
    if (this.#refused >= REFUSALS) {
      const id = crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2).padEnd(12, "0");
      this.#session = { id, broken: new AbortController() };
      this.#on.open();
      return;
    }
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/stream`);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    let opened = false;
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      opened = true;
      this.#refused = 0;
      this.#on.open();
    };
    socket.onmessage = (event) => this.#socket === socket && this.#take(JSON.parse(event.data));
    socket.onclose = async (event) => {
      if (this.#socket !== socket) return;
      if (!opened) this.#refused = (await there()) ? this.#refused + 1 : 0;
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#on.closed({ code: event.code, reason: event.reason, retry: !this.#ended });
    };
  }

  /** Whether another picture may be sent now. */
  get free() {
    if (!this.#session && this.#socket?.readyState !== OPEN) return false;
    if (this.#sequence - this.#answered - 1 < UNANSWERED) return true;
    if (performance.now() - this.#sentAt < PATIENCE) return false;
    this.#answered = this.#sequence - 1;
    return true;
  }

  /** Send a JPEG (Blob) that was captured at `milliseconds` of the page's clock. */
  async send(blob, milliseconds) {
    const message = new ArrayBuffer(HEADER + blob.size);
    const view = new DataView(message);
    const sequence = this.#sequence++;
    view.setUint32(0, sequence, true);
    view.setFloat64(4, milliseconds, true);
    new Uint8Array(message, HEADER).set(new Uint8Array(await blob.arrayBuffer()));
    this.#sentAt = performance.now();
    if (this.#socket?.readyState === OPEN) this.#socket.send(message);
    else if (this.#session) await this.#post(message, sequence);
  }

  async #post(message, sequence) {
    const session = this.#session;
    try {
      const answer = await fetch(`/api/frame?session=${session.id}`, {
        method: "POST",
        body: message,
        signal: session.broken.signal,
        headers: { "Content-Type": "application/octet-stream" },
      });
      const content = await answer.json().catch(() => ({}));
      if (session !== this.#session) return; // that one is over, and what was read in it was kept
      if (answer.ok) return this.#take(content);
      this.#fail(answer.status === 429 ? FULL : 4000 + answer.status, content.error ?? "");
    } catch {
      if (session !== this.#session) return;
      this.#fail(1006, "");
    }
    this.#answered = Math.max(this.#answered, sequence);
  }

  #fail(code, reason) {
    this.#session.broken.abort();
    this.#session = null;
    this.#on.closed({ code, reason, retry: !this.#ended });
  }

  /** Tell the server that a button was pressed. */
  command(name) {
    const text = JSON.stringify({ command: name });
    if (this.#socket?.readyState === OPEN) this.#socket.send(text);
    else if (this.#session) fetch(`/api/command?session=${this.#session.id}`, { method: "POST", body: text });
  }

  /** Send a text message of another form. */
  tell(content) {
    const text = JSON.stringify(content);
    if (this.#socket?.readyState === OPEN) this.#socket.send(text);
    else if (this.#session) fetch(`/api/command?session=${this.#session.id}`, { method: "POST", body: text });
  }

  close() {
    this.#ended = true;
    this.#socket?.close(1000);
    if (this.#session) {
      const address = `/api/frame?session=${this.#session.id}`;
      this.#fail(1000, "");
      fetch(address, { method: "DELETE", keepalive: true });
    }
  }

  #take(result) {
    if (result.sequence !== undefined) this.#answered = Math.max(this.#answered, result.sequence);
    this.#on.result(result);
  }
}
