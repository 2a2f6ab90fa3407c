// The host's own cameras, files and URLs: their pictures as the server draws them, their text as it
// is told in server-sent events.

import { $, make } from "./dom.js";
import { say } from "./words.js";

const AGAIN = 1000; // ms before the sources are asked for again

export class Hosts {
  current = null;
  #sources = [];
  #events = null;
  #on;

  /** Calls `on.result(result)` with what is read, `on.change()` when another is chosen,
   * `on.sources()` for what there is now, and `on.over(source)`. */
  constructor(on) {
    this.#on = on;
  }

  list(sources) {
    this.#sources = sources;
    this.show();
    if (sources.length) this.watch(sources[0]);
  }

  show() {
    $("sources").hidden = !this.#sources.length;
    const button = (name, source) => {
      const made = make("button", { type: "button" }, name);
      made.setAttribute("aria-pressed", String(this.current === source));
      made.onclick = () => (source ? this.watch(source) : this.leave());
      return made;
    };
    $("sources").replaceChildren(
      ...this.#sources.map((each) => button(each.name, each)),
      button(say("My camera"), null),
    );
  }

  watch(source) {
    if (this.current === source) return;
    this.#events?.close();
    this.current = source;
    this.#on.change();
    const query = `stream=${encodeURIComponent(source.id)}`;
    $("shown").src = `/video.mjpg?${query}`;
    $("shown").alt = source.name;
    $("shown").hidden = false;
    let state = { events: [], hints: [], detections: [], text: "", time: 0 };
    const events = new EventSource(`/api/events?${query}`);
    this.#events = events;
    const tell = (more) => {
      state = { ...state, events: [], ...more };
      this.#on.result(state);
    };
    events.onerror = () => events.readyState === EventSource.CLOSED && this.#again(source, events);
    events.addEventListener("event", (event) => tell({ events: [JSON.parse(event.data)] }));
    events.addEventListener("text", (event) => tell(JSON.parse(event.data)));
    events.addEventListener("hints", (event) => tell(JSON.parse(event.data)));
    events.addEventListener("stream", (event) => JSON.parse(event.data).id || this.#on.over(source));
    this.show();
  }

  /** The server knows it no more: it was started anew, and the source has another name there. */
  async #again(source, events) {
    await new Promise((go) => setTimeout(go, AGAIN));
    const sources = await this.#on.sources().catch(() => [source]);
    if (this.#events !== events) return;
    this.#sources = sources;
    const found = sources.find((each) => each.name === source.name) ?? sources[0];
    if (!found) return this.leave();
    this.current = null;
    this.watch(found);
  }

  leave() {
    if (!this.current) return;
    this.#events?.close();
    this.#events = null;
    this.current = null;
    $("shown").hidden = true;
    $("shown").removeAttribute("src");
    this.#on.change();
    this.show();
  }
}
