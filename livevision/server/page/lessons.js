// Practice and calibration: what the coach on the server asks for, shown beside the text.

import { $, make } from "./dom.js";
import { saidAs, say } from "./words.js";

const SIDE = 400; // pixels of a picture on the sheet
const COLUMNS = 6;
const PACE = 3; // letters from which on a pace is told
// where the finger goes in the letters that move, as seen by the person who is signed to
const MOVES = {
  J: [[85, 50], [75, 150], [100, 210], [165, 225], [210, 165]],
  Z: [[375, 50], [240, 50], [375, 155], [240, 155]],
};

const sheet = new Image();

/** Draw how the sign of `letter` is made; `flipped` as a left hand makes it, or in a mirror. */
function picture(canvas, letter, flipped) {
  Object.assign(canvas, { width: SIDE, height: SIDE });
  const context = canvas.getContext("2d");
  const index = letter.charCodeAt(0) - 65;
  if (flipped) {
    context.translate(SIDE, 0);
    context.scale(-1, 1);
  }
  const [column, row] = [index % COLUMNS, Math.floor(index / COLUMNS)];
  context.drawImage(sheet, column * SIDE, row * SIDE, SIDE, SIDE, 0, 0, SIDE, SIDE);
  const way = MOVES[letter];
  if (!way) return;
  context.strokeStyle = context.fillStyle = "#d02a1e";
  context.lineWidth = 10;
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  way.forEach(([x, y], place) => (place ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
  const [[x0, y0], [x1, y1]] = way.slice(-2);
  const angle = Math.atan2(y1 - y0, x1 - x0);
  context.beginPath();
  context.moveTo(x1, y1);
  for (const turn of [2.6, -2.6]) context.lineTo(x1 + 35 * Math.cos(angle + turn), y1 + 35 * Math.sin(angle + turn));
  context.fill();
}

export class Lessons {
  #on;
  #going = "";
  #left = false;
  #told = "";
  #parts = {};

  /** `on.tell(content)` sends to the server, `on.notice(words)` tells the user, `on.camera()` says
   * whether the camera runs. */
  constructor(on) {
    this.#on = on;
    $("practice-begin").addEventListener("click", () =>
      this.#begin("practice", { words: $("practice-words").value }),
    );
    $("calibrate-begin").addEventListener("click", () => this.#begin("calibrate", {}));
  }

  /** Whether what is read is the lesson's own text, not the user's. */
  get speaks() {
    return this.#going === "calibrate";
  }

  offered(names) {
    $("practice-open").hidden = !names.includes("practice");
    $("calibrate-begin").hidden = !names.includes("calibrate");
    sheet.src = "/page/handshapes.jpg";
  }

  #begin(name, wishes) {
    if (!this.#on.camera()) return this.#on.notice(say("Start the camera first."));
    this.#left = $("practice-left").checked;
    this.#on.tell({ activity: name, wishes });
  }

  #end() {
    this.#on.tell({ activity: null });
    this.ended();
  }

  ended() {
    this.#going = "";
    $("lesson").hidden = true;
    $("lesson").replaceChildren();
    this.#parts = {};
  }

  take(state) {
    if (!state || !["practice", "calibrate"].includes(state.name)) {
      if (this.#going) this.ended(); // another thing was begun, as adding people
      return;
    }
    if (state.error) {
      this.ended();
      return this.#on.notice(saidAs(state.error));
    }
    this.#going = state.done ? "" : state.name;
    if (!this.#parts.word) this.#build();
    if (state.done) return this.#report(state);
    if (state.asking) return this.#ask(state);
    if (state.name === "practice") this.#practise(state);
    else this.#calibrate(state);
  }

  #build() {
    const parts = {
      canvas: make("canvas", { width: SIDE, height: SIDE }),
      word: make("p", { className: "word", lang: "en", dir: "ltr" }),
      how: make("p", { className: "how" }),
      tip: make("p", { className: "tip", role: "status" }),
      score: make("p", { className: "score" }),
      progress: make("progress", { max: 1, value: 0 }),
    };
    parts.progress.setAttribute("aria-label", say("How much is done"));
    parts.canvas.setAttribute("role", "img");
    const skip = make("button", { type: "button", className: "quiet" }, say("Skip"));
    skip.onclick = () => this.#on.tell({ ask: "skip" });
    const end = make("button", { type: "button", className: "quiet" }, say("End"));
    end.onclick = () => (this.#going === "calibrate" ? this.#on.tell({ ask: "finish" }) : this.#end());
    parts.buttons = make("div", { className: "buttons" }, skip, end);
    const words = make("div", {}, parts.word, parts.how, parts.tip, parts.progress, parts.score);
    $("lesson").replaceChildren(parts.canvas, words, parts.buttons);
    $("lesson").hidden = false;
    $("lesson").scrollIntoView({ block: "nearest" });
    this.#parts = parts;
    this.#told = "";
  }

  #show(letter) {
    const { canvas } = this.#parts;
    if (canvas.dataset.letter === letter) return;
    canvas.dataset.letter = letter;
    canvas.hidden = !letter;
    if (!letter) return;
    canvas.setAttribute("aria-label", say("The sign of {letter}", { letter }));
    const drawn = () => picture(canvas, letter, this.#left);
    if (sheet.complete && sheet.naturalWidth) drawn();
    else sheet.addEventListener("load", drawn, { once: true });
  }

  #practise(state) {
    const { word, how, tip, score, progress } = this.#parts;
    progress.hidden = true;
    this.#show(state.letter);
    word.replaceChildren(
      make("i", {}, state.word.slice(0, state.place)),
      make("b", {}, state.letter),
      state.word.slice(state.place + 1),
    );
    how.textContent = say(state.how);
    tip.dataset.good = String(state.good);
    if (state.message !== this.#told) tip.textContent = saidAs(state.message);
    this.#told = state.message;
    score.textContent = scored(state);
  }

  #calibrate(state) {
    const { word, how, tip, score, progress } = this.#parts;
    progress.hidden = false;
    this.#show(state.letter);
    word.replaceChildren(make("b", {}, state.letter));
    const waits = /: (\d+)$/.exec(state.prompt);
    how.textContent = waits
      ? say("Get ready: {seconds}", { seconds: waits[1] })
      : say("Hold it, and turn it a little between looks.");
    tip.textContent = "";
    progress.value = (state.place + state.taken / state.looks) / state.count;
    score.textContent = say("Letter {place} of {count}", { place: state.place + 1, count: state.count });
  }

  /** Whether to keep looks that are mostly read as other letters. */
  #ask(state) {
    const { word, how, tip, score, progress, buttons, canvas } = this.#parts;
    canvas.hidden = true;
    progress.hidden = true;
    tip.textContent = score.textContent = "";
    delete tip.dataset.good; // neither praise nor blame
    word.textContent = say("Is this how you sign?");
    word.lang = "";
    how.textContent = say(
      "Most looks at these letters are read as others. Keep them only if you sign so on purpose.",
    );
    const wrong = state.wrong.map(([letter, other, made]) =>
      make(
        "li",
        {},
        make("b", {}, say("{letter} read as {other}", { letter, other })),
        make("span", {}, say("{letter}: {how}.", { letter, how: say(made) })),
      ),
    );
    how.after(make("ul", { className: "wrong" }, ...wrong));
    const answer = (words, className, value) => {
      const button = make("button", { type: "button", className }, words);
      button.onclick = () => this.#on.tell({ ask: "keep", value });
      return button;
    };
    const out = answer(say("Leave them out"), "primary", false);
    buttons.replaceChildren(out, answer(say("Keep them"), "quiet", true));
    out.focus();
  }

  #report(state) {
    const { word, how, tip, score, progress, buttons, canvas } = this.#parts;
    canvas.hidden = true;
    progress.hidden = true;
    how.textContent = tip.textContent = "";
    delete tip.dataset.good;
    $("lesson").querySelector(".wrong")?.remove();
    const close = make("button", { type: "button", className: "primary" }, say("Close"));
    close.onclick = () => this.ended();
    const again = make("button", { type: "button", className: "quiet" }, say("Once more"));
    again.onclick = () => {
      this.ended();
      $("practice").showModal();
    };
    buttons.replaceChildren(again, close);
    if (state.name === "practice") {
      word.textContent = say("Well done");
      word.lang = "";
      score.textContent = scored(state);
      if (state.weak.length) {
        how.textContent = say("Needs work: {letters}", { letters: state.weak.map((each) => each[0]).join(" ") });
      }
    } else {
      word.textContent = say("Thank you");
      word.lang = "";
      const percent = (value) => `${Math.round(value * 100)} %`;
      const left = state.wrong.map(([letter]) => letter).join(" ");
      tip.textContent = left ? say("Left out: {letters}", { letters: left }) : "";
      how.textContent = state.after === undefined
        ? left ? "" : say("No letter was held still long enough; nothing was changed.")
        : say("Of your own letters {before} were read rightly before, {after} are now.", {
            before: percent(state.before),
            after: percent(state.after),
          });
      score.textContent = state.missing ? say("Not seen clearly enough: {letters}", { letters: [...state.missing].join(" ") }) : "";
    }
    close.focus();
  }
}

/** How it goes so far; of one or two letters no pace can be told. */
function scored(state) {
  if (!state.asked) return "";
  if (state.asked < PACE) return say("{right} of {asked} right at once", state);
  return say("{right} of {asked} right at once, {rate} letters a minute", state);
}
