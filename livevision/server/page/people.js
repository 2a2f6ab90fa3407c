// Who is named: for the owner alone. Names are listed, added before the camera and removed; the
// pictures and numbers never come to the page.

import { $, make } from "./dom.js";
import { saidAs, say } from "./words.js";

export class People {
  #on;
  #adding = false;
  #asked = "";

  /** `on.tell(content)` sends to the server, `on.camera()` says whether the camera runs. */
  constructor(on) {
    this.#on = on;
    $("people-add").addEventListener("click", () => this.#add());
    $("people-name").addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#add();
    });
    $("people").addEventListener("close", () => this.#on.tell({ activity: null }));
  }

  open() {
    $("people-note").textContent = this.#on.camera() ? "" : say("Start the camera first.");
    $("people-add").disabled = !this.#on.camera();
    this.#on.tell({ activity: "people" });
    $("people").showModal();
  }

  #add() {
    const name = $("people-name").value.trim();
    if (this.#adding) {
      this.#on.tell({ ask: "stop" });
      return;
    }
    if (!name) {
      $("people-note").textContent = say("Write a name first.");
      $("people-name").focus();
      return;
    }
    this.#on.tell({ ask: "add", value: name });
  }

  take(state) {
    if (!state || state.name !== "people") return;
    this.#adding = state.adding;
    $("people-add").textContent = say(state.adding ? "Stop" : "Add who is before the camera");
    $("people-note").textContent = state.error ? saidAs(state.error) : say(state.prompt || (state.names?.length ? "" : "Nobody is enrolled."));
    if (state.prompt === "Done") $("people-name").value = "";
    $("people-list").replaceChildren(
      ...(state.names ?? []).map((name) => {
        const remove = make("button", { type: "button", className: "quiet" });
        const sure = this.#asked === name;
        remove.textContent = say(sure ? "Really remove?" : "Remove");
        remove.setAttribute("aria-label", `${remove.textContent} ${name}`);
        remove.onclick = () => {
          if (this.#asked === name) {
            this.#asked = "";
            this.#on.tell({ ask: "remove", value: name });
          } else {
            this.#asked = name;
            this.take(state);
          }
        };
        return make("li", {}, make("span", { dir: "auto" }, name), remove);
      }),
    );
  }
}
