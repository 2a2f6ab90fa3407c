// Strokes over the picture, for the segments: by mouse, finger or pen, or with the arrow keys. What
// is drawn is told to the server in the picture's own pixels.

import { drawStroke, inPicture, strokeColor } from "./drawing.js";
import { $, make } from "./dom.js";
import { say } from "./words.js";

const NAMES = 4; // things that buttons offer; digits give up to nine
const SHORT = 4; // pixels of the picture; less is a tap
const STEP = 0.04; // of the picture's width, for an arrow key
const FINE = 0.01; // the same with Shift

export class Strokes {
  #on;
  #number = 1;
  #from = null;
  #to = null;
  #pointer = null;

  /** `on.command(text)` sends to the server; `on.view()` gives the picture's size, and whether it is
   * mirrored; `on.redraw()` draws all anew. */
  constructor(on) {
    this.#on = on;
  }

  /** Let strokes be drawn from now on. */
  offer() {
    const canvas = $("drawing");
    $("strokes").hidden = false;
    canvas.dataset.strokes = "true";
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.removeAttribute("aria-hidden");
    canvas.addEventListener("pointerdown", (event) => this.#down(event));
    canvas.addEventListener("pointermove", (event) => this.#move(event));
    canvas.addEventListener("pointerup", (event) => this.#up(event));
    canvas.addEventListener("pointercancel", () => this.#forget());
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => this.#forget());
    $("strokes-undo").addEventListener("click", () => this.#on.command("stroke undo"));
    $("strokes-clear").addEventListener("click", () => this.#on.command("stroke clear"));
    this.show();
  }

  /** Say everything in the language chosen. */
  show() {
    if ($("strokes").hidden) return;
    $("drawing").setAttribute("aria-label", say("Strokes: arrow keys move, Enter begins and ends one"));
    $("strokes-names").replaceChildren(
      ...Array.from({ length: Math.max(NAMES, this.#number) }, (_, index) => {
        const number = index + 1;
        const dot = make("i", { className: "swatch" });
        dot.style.background = strokeColor(number);
        const button = make("button", { type: "button" }, dot, String(number));
        button.setAttribute("aria-label", say("Thing {number}", { number }));
        button.setAttribute("aria-pressed", String(number === this.#number));
        button.onclick = () => this.#choose(number);
        return button;
      }),
    );
  }

  /** Draw the stroke that is being made; after everything else. */
  draw() {
    if (!this.#to) return;
    const { size, mirrored } = this.#on.view();
    drawStroke($("drawing"), size, mirrored, { from: this.#from, to: this.#to, number: this.#number });
  }

  #choose(number) {
    this.#number = number;
    this.show();
    this.#on.redraw();
  }

  #place(event) {
    const { size, mirrored } = this.#on.view();
    return inPicture($("drawing"), size, mirrored, event);
  }

  #down(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    $("drawing").setPointerCapture(event.pointerId);
    this.#pointer = event.pointerId;
    this.#from = this.#to = this.#place(event);
    this.#on.redraw();
  }

  #move(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#to = this.#place(event);
    this.#on.redraw();
  }

  #up(event) {
    if (event.pointerId !== this.#pointer) return;
    this.#to = this.#place(event);
    this.#finish();
    this.#forget();
  }

  #finish() {
    const [from, to] = [this.#from, this.#to];
    if (!from || Math.max(Math.abs(to.x - from.x), Math.abs(to.y - from.y)) < SHORT) return;
    this.#on.command(`stroke ${from.x} ${from.y} ${to.x} ${to.y} ${this.#number}`);
  }

  #forget() {
    this.#from = this.#to = this.#pointer = null;
    this.#on.redraw();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { size, mirrored } = this.#on.view();
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key in steps) {
      const [x, y] = steps[event.key];
      const far = size.width * (event.shiftKey ? FINE : STEP);
      const now = this.#to ?? { x: Math.round(size.width / 2), y: Math.round(size.height / 2) };
      const within = (value, most) => Math.round(Math.min(most - 1, Math.max(0, value)));
      this.#to = { x: within(now.x + (mirrored ? -x : x) * far, size.width), y: within(now.y + y * far, size.height) };
    } else if (event.key === "Enter" || event.key === " ") {
      this.#to ??= { x: Math.round(size.width / 2), y: Math.round(size.height / 2) };
      if (this.#from) this.#finish();
      this.#from = this.#from ? null : this.#to;
    } else if (event.key === "Escape" && this.#to) {
      this.#from = this.#to = null;
    } else if (event.key === "u" || event.key === "Backspace") {
      this.#on.command("stroke undo");
    } else if (/^[1-9]$/.test(event.key)) {
      this.#choose(Number(event.key));
    } else {
      return;
    }
    event.preventDefault();
    this.#on.redraw();
  }
}
