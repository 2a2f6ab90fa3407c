// A panorama: a button begins and ends the sweep, the finished picture is shown and can be saved.

import { $ } from "./dom.js";
import { download, named } from "./keeping.js";

export class Panorama {
  #on;
  #going = false;
  #blob = null;
  #address = "";

  /** `on.command(name)` sends to the server; `on.ready()` says whether the camera is read. */
  constructor(on) {
    this.#on = on;
    $("panorama-save").addEventListener("click", () => download(this.#blob, named("jpg"), "image/jpeg"));
    $("panorama-made").addEventListener("close", () => URL.revokeObjectURL(this.#address));
  }

  /** Begin, or end and make the picture. */
  press() {
    if (!this.#on.ready()) return;
    this.#on.command("panorama");
    this.#show(!this.#going);
  }

  /** Heed a result: a picture that is finished is shown. */
  take(result) {
    const picture = result.pictures?.panorama;
    if (!picture) return;
    this.#blob = new Blob([Uint8Array.from(atob(picture), (one) => one.charCodeAt(0))], { type: "image/jpeg" });
    URL.revokeObjectURL(this.#address);
    this.#address = URL.createObjectURL(this.#blob);
    $("panorama-picture").src = this.#address;
    if (!$("panorama-made").open) $("panorama-made").showModal();
  }

  /** The session is over. */
  ended() {
    this.#show(false);
  }

  #show(going) {
    this.#going = going;
    $("panorama").setAttribute("aria-pressed", String(going));
  }
}
