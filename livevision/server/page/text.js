// The text: large for those who look, word by word for those who listen (a growing text that is
// live would be read again from its start with every letter, so that part is hidden from them).

import { $, make } from "./dom.js";
import { say } from "./words.js";

const LETTERS = 10; // that are shown with how sure they are
const SURE = 0.8;
const LOGGED = 50; // words that stay in the log

export class Text {
  /** What is read now. */
  current = "";
  /** What was read in earlier sessions of this page. */
  earlier = "";
  /** Words with their times in seconds, for captions. */
  words = [];
  #letters = [];
  #proposed = "";
  #likeliest = ""; // proposal for the word that grows
  #on;
  #base = 0; // seconds of earlier sessions
  #last = 0;
  #cleared = null; // text and words, until they are brought back
  #clearing = false; // the server has yet to clear what it reads

  /** Calls `on.command(name)`, and `on.word(word)` for each that is finished. */
  constructor(on) {
    this.#on = on;
  }

  get all() {
    return [this.earlier, this.current].filter(Boolean).join(this.earlier.endsWith("\n") ? "" : " ");
  }

  take(result) {
    this.#last = this.#base + (result.time ?? 0);
    for (const event of result.events) {
      if (event.kind === "letter") this.#addLetter(event);
      if (event.kind === "word") this.#addWord(event);
    }
    const pending = (result.hints ?? []).find((hint) => hint.startsWith("Tab: "));
    if (pending) this.#likeliest = pending.slice(5);
    if (pending) this.#propose([{ word: pending.slice(5), command: "accept" }]);
    else if (this.#proposed.startsWith("accept")) this.#propose([]);
    if (result.text !== this.current) {
      this.#clearing = false;
      this.current = result.text;
      if (!this.all) this.#forgetLetters();
      this.show();
    }
  }

  /** The session is over: what was read stays. */
  keep() {
    this.earlier = this.all.trimEnd();
    this.current = "";
    this.#clearing = false;
    this.#base = this.#last + 1;
    this.#propose([]);
    this.show();
  }

  /** Forget the text, what the server reads now too if that clears it; whether `restore` can undo it. */
  clear(current) {
    const kept = current && !this.#clearing;
    const text = (kept ? this.all : this.earlier).trimEnd();
    if (text) this.#cleared = { text, words: this.words };
    this.#clearing = Boolean(current && this.current);
    this.earlier = "";
    this.words = [];
    this.#propose([]);
    this.#forgetLetters();
    this.show();
    return this.#cleared !== null;
  }

  /** What was cleared can be brought back no more. */
  forget() {
    this.#cleared = null;
  }

  /** Bring back what was cleared last, before what was read since. */
  restore() {
    if (!this.#cleared) return;
    this.earlier = [this.#cleared.text, this.earlier].filter(Boolean).join(" ");
    this.words = [...this.#cleared.words, ...this.words];
    this.forget();
    this.show();
  }

  /** Take a letter of an earlier session back; false if the server has to do it. */
  shorten() {
    if (this.current || !this.earlier) return false;
    this.earlier = this.earlier.slice(0, -1);
    this.show();
    return true;
  }

  show() {
    const text = this.all;
    const cut = Math.max(text.lastIndexOf(" "), text.lastIndexOf("\n")) + 1;
    const growing = this.current && !/\s$/.test(text) ? text.slice(cut) : "";
    const done = growing ? text.slice(0, cut) : text;
    $("text").replaceChildren(done, ...(growing ? [make("span", { className: "growing" }, growing)] : []));
    $("empty").hidden = Boolean(text);
    $("text").hidden = !text;
    const caption = $("caption");
    caption.scrollTop = caption.scrollHeight;
  }

  #addLetter(event) {
    this.#letters.push(event);
    this.#letters.splice(0, this.#letters.length - LETTERS);
    this.#showLetters();
  }

  #forgetLetters() {
    this.#letters = [];
    this.#showLetters();
  }

  #showLetters() {
    $("letters").replaceChildren(
      ...this.#letters.map((each) =>
        make(
          "li",
          { data: { sure: each.confidence >= SURE ? "yes" : "no" } },
          each.label,
          make("small", {}, `${Math.round(each.confidence * 100)}%`),
        ),
      ),
    );
  }

  #addWord(event) {
    const word = { text: event.label, start: this.#base + event.start, end: this.#base + event.end };
    this.words.push(word);
    this.#on.word(event.label);
    const log = $("log");
    log.append(make("p", {}, event.label));
    while (log.childElementCount > LOGGED) log.firstElementChild.remove();
    this.#propose(this.#others(event).map((each) => ({ ...each, command: "next-word", replaces: word })));
  }

  /** What else a word may be, and how often "next-word" has to be said until it stands there: the
   * server goes round in the order of likelihood, of which the event leaves out the likeliest. */
  #others(event) {
    const listed = (event.alternatives ?? []).map(([word, chance]) => ({ word, chance }));
    const rank = listed.findIndex((each) => each.word === event.label) + 1;
    const count = listed.length + 1;
    const offers = listed.map((each, place) => ({ ...each, times: (place + 1 - rank + count) % count }));
    if (rank > 0 && this.#likeliest) offers.unshift({ word: this.#likeliest, times: count - rank });
    this.#likeliest = "";
    return offers.filter((each) => each.word && each.word !== event.label).slice(0, 3);
  }

  /** Offer other words; a tap takes one. */
  #propose(offers) {
    const key = offers.map((each) => each.command + each.word).join(" ");
    if (key === this.#proposed) return;
    this.#proposed = key;
    const group = $("proposals");
    group.hidden = !offers.length;
    group.replaceChildren(
      ...(offers.length ? [make("span", {}, say("Did you mean"))] : []),
      ...offers.map((offer) => {
        const button = make("button", { type: "button", lang: "en" }, offer.word);
        if (offer.chance >= 0.005) button.append(make("small", {}, `${Math.round(offer.chance * 100)}%`));
        button.onclick = () => {
          for (let count = 0; count < (offer.times ?? 1); count += 1) this.#on.command(offer.command);
          if (offer.replaces) offer.replaces.text = offer.word;
          this.#propose([]);
        };
        return button;
      }),
    );
  }
}

const LINE = 42; // letters in a caption at most
const PAUSE = 3; // seconds between words that begin a new caption
const HOLD = 2; // seconds that the last word stays

/** The words that still stand in `text`, as WebVTT. */
export function captions(words, text) {
  const left = text.split(/\s+/);
  const kept = [];
  let place = 0;
  for (const word of words) {
    const found = left.indexOf(word.text, place);
    if (found < 0) continue;
    place = found + 1;
    kept.push(word);
  }
  const cues = [];
  for (const word of kept) {
    const last = cues.at(-1);
    if (last && last.text.length + 1 + word.text.length <= LINE && word.start - last.end <= PAUSE) {
      last.text += ` ${word.text}`;
      last.end = word.end;
    } else {
      cues.push({ ...word });
    }
  }
  const lines = cues.map((cue, index) => {
    const next = cues[index + 1]?.start ?? Infinity;
    const end = Math.max(cue.end, Math.min(cue.end + HOLD, next));
    return `${stamp(cue.start)} --> ${stamp(end)}\n${cue.text}\n`;
  });
  return `WEBVTT\n\n${lines.join("\n")}`;
}

function stamp(seconds) {
  const milliseconds = Math.round(seconds * 1000);
  const part = (value, digits) => String(value).padStart(digits, "0");
  const hours = Math.floor(milliseconds / 3600000);
  const minutes = Math.floor(milliseconds / 60000) % 60;
  return `${part(hours, 2)}:${part(minutes, 2)}:${part(Math.floor(milliseconds / 1000) % 60, 2)}.${part(milliseconds % 1000, 3)}`;
}
