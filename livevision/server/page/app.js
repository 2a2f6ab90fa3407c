// The page: the browser's camera or one of the host's, what was read, and the buttons.

import { Camera, cameras } from "./camera.js";
import { draw } from "./drawing.js";
import { $, icon, make } from "./dom.js";
import { Hosts } from "./hosts.js";
import { Recorder, download, named } from "./keeping.js";
import { FULL, Link } from "./link.js";
import { Lessons } from "./lessons.js";
import { Panorama } from "./panorama.js";
import { People } from "./people.js";
import { choose, chosen } from "./settings.js";
import { openShare } from "./share.js";
import { Strokes } from "./strokes.js";
import { Text, captions } from "./text.js";
import { best, nameOf, saidAs, say, speakIn } from "./words.js";

const SLOW = 10; // pictures a second below which quick signing cannot be followed
const AGAIN = [500, 1000, 2000, 5000]; // ms before each try to reconnect
const IDLE = 4408; // a session ended because no pictures came
const NOTICE = 4000; // ms a notice stays
const REGRET = 15000; // ms for which a cleared text can be brought back

let me = { role: "guest", sources: [], languages: ["en"], recognizers: [] };
let result = null;
let size = { width: 640, height: 480 };
let paused = false;
let tries = 0;
let retrying = 0;
let noticed = 0;
let open = false;
const arrivals = [];

const video = $("video");
const text = new Text({
  command: (name) => link.command(name),
  word: (word) => chosen.aloud && aloud(word),
});
const link = new Link({ open: opened, result: take, closed });
const camera = new Camera(
  video,
  () => open && !paused && !hosts.current && link.free,
  (blob, milliseconds, given) => {
    size = given;
    return link.send(blob, milliseconds);
  },
  () => cameraGone(say("There is no camera. Plug one in, then try again.")),
);
const recorder = new Recorder();
const hosts = new Hosts({ result: takeHosts, change: sourceChanged, sources, over });
const lessons = new Lessons({ tell: (content) => link.tell(content), notice, camera: () => open });
const people = new People({ tell: (content) => link.tell(content), camera: () => open });

const panorama = new Panorama({
  command: (name) => link.command(name),
  ready: () => open || (notice(say("Start the camera first.")), false),
});
const strokes = new Strokes({
  command: (name) => (open ? link.command(name) : notice(say("Start the camera first."))),
  view: () => ({ size, mirrored: mirrored() }),
  redraw,
});

// ---- the state of things

function state(kind, words) {
  $("state").dataset.state = kind;
  if ($("state-text").textContent !== words) $("state-text").textContent = words;
}

function showState() {
  if (hosts.current) state("reading", say("Watching {name}", { name: hosts.current.name }));
  else if (!camera.running) state("waiting", say("Ready"));
  else if (paused) state("waiting", say("Paused"));
  else if (!open) state("trouble", say("Connecting"));
  else state("reading", say("Reading"));
}

/** Tell something for a while, and offer for longer to `undo` a clearing. */
function notice(words, undo = false) {
  $("notice").textContent = words;
  if (!undo) text.forget();
  if (!undo && document.activeElement === $("undo")) $("caption").focus(); // not nowhere
  $("undo").hidden = !undo;
  clearTimeout(noticed);
  if (words) noticed = setTimeout(() => notice(""), undo ? REGRET : NOTICE);
}

function alarm(words) {
  $("alarm").hidden = !words;
  $("alarm").textContent = words;
}

function opened() {
  open = true;
  tries = 0;
  alarm("");
  showState();
}

function closed({ code, reason, retry }) {
  open = false;
  text.keep();
  forgetResult();
  lessons.ended();
  panorama.ended();
  // nobody looks, so no picture is sent: others may need the place
  const asleep = document.hidden && code === IDLE;
  if (!retry || !camera.running || paused || asleep) return showState();
  if (code === FULL) alarm(say("All places are taken. It goes on by itself as soon as one is free."));
  else if (code === IDLE) alarm("");
  else if (code === 4403) alarm(say("This page is locked. Open the link that livevision printed."));
  else if (reason) alarm(saidAs(reason));
  else if (tries > 1) alarm(say("There is no answer. It goes on by itself as soon as livevision is back."));
  const wait = code === FULL ? 3000 : AGAIN[Math.min(tries, AGAIN.length - 1)];
  tries += 1;
  clearTimeout(retrying);
  retrying = setTimeout(() => camera.running && !paused && !open && link.open(), wait);
  showState();
}

/** Take a place again, if there was none meanwhile. */
function comeBack() {
  if (open) return;
  tries = 0;
  link.open();
}

function take(one) {
  result = one;
  const now = performance.now();
  arrivals.push(now);
  while (arrivals[0] < now - 3000) arrivals.shift();
  if (one.activity !== undefined) {
    lessons.take(one.activity);
    people.take(one.activity);
  }
  panorama.take(one);
  if (!lessons.speaks) text.take(one);
  showHint(one);
  showNow(one);
  redraw();
}

function takeHosts(one) {
  text.take(one);
  showHint(one);
}

// what the window's keys do, buttons do here
const HERE = {
  "Turn the camera slowly, and press a to make the picture.":
    "Press the button again to make the picture. Turn the camera slowly.",
  "Draw strokes over two things at the least: hold the mouse's button, a digit is the name.":
    "Draw strokes over at least two things, each with its own number.",
};

/** Hints that hold for a while at least, so that they can be read. */
function showHint(one) {
  const hints = (one.hints ?? []).filter((each) => !each.startsWith("Tab: "));
  let hint = hints.find((each) => each in HERE) ?? hints[0] ?? "";
  if (!hint && arrivals.length > 5 && !hosts.current && me.recognizers.includes("signs")) {
    const seconds = (arrivals.at(-1) - arrivals[0]) / 1000;
    const rate = (arrivals.length - 1) / seconds;
    if (seconds > 2 && rate < SLOW) {
      hint = say("{count} pictures a second: sign more slowly", { count: Math.round(rate) });
    }
  }
  const said = saidAs(HERE[hint] ?? hint);
  $("hint").hidden = !hint;
  if ($("hint").textContent !== said) $("hint").textContent = said;
}

function showNow(one) {
  const hand = one.detections.find((each) => each.kind === "hand");
  $("now").hidden = !hand || !hand.label;
  if (!hand || !hand.label) return;
  $("now-letter").textContent = hand.label;
  $("now-chance").textContent = `${Math.round(hand.confidence * 100)} %`;
}

/** Show nothing that was said of the last picture. */
function forgetResult() {
  result = null;
  $("now").hidden = true;
  $("hint").hidden = true;
  redraw();
}

function mirrored() {
  return chosen.mirror && camera.facing && !hosts.current;
}

function redraw() {
  $("frame").dataset.mirror = String(mirrored());
  draw($("drawing"), chosen.boxes && !hosts.current ? result : null, size, mirrored());
  if (!hosts.current) strokes.draw();
}

// ---- the camera

async function begin() {
  try {
    if (!(await camera.start(chosen.camera))) return;
  } catch (error) {
    if (chosen.camera && error.name === "OverconstrainedError") {
      choose("camera", "");
      return begin();
    }
    const reasons = {
      NotAllowedError: "The camera was refused. Allow it in the browser's address bar, then try again.",
      NotFoundError: "There is no camera. Plug one in, then try again.",
      NotReadableError: "The camera is used by another program. Close that, then try again.",
      InsecureError: "Browsers give the camera to safe addresses alone: open this page by https or on the computer itself.",
    };
    alarm(say(reasons[error.name] ?? "The camera cannot be used: {reason}", { reason: error.name }));
    return showState();
  }
  alarm("");
  hosts.leave();
  const pressed = document.activeElement === $("start-button");
  $("start").hidden = true;
  if (pressed) $("caption").focus(); // not nowhere: the button is gone, and here is what it begins
  link.open();
  showState();
  listCameras();
}

/** The camera runs no more, and may be started again. */
function cameraGone(words) {
  link.close();
  $("start").hidden = Boolean(hosts.current);
  alarm(words);
  showState();
}

async function listCameras() {
  const found = await cameras();
  $("set-camera").replaceChildren(
    make("option", { value: "" }, say("The usual one")),
    ...found.map((each, index) => make("option", { value: each.deviceId }, each.label || `${say("Camera")} ${index + 1}`)),
  );
  $("set-camera").value = chosen.camera;
}

function sourceChanged() {
  const watching = Boolean(hosts.current);
  text.keep();
  alarm("");
  arrivals.length = 0;
  $("video").hidden = watching;
  $("start").hidden = watching || camera.running;
  if (watching) {
    camera.stop();
    link.close();
  }
  forgetResult();
  showState();
}

function pause() {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  const words = paused ? "Go on" : "Pause";
  const made = make("span", { data: { say: words } }, say(words)); // so that another language finds it
  $("pause").replaceChildren(icon(paused ? "play" : "pause"), made);
  if (paused) video.pause();
  else if (camera.running) {
    video.play().catch(() => {}); // paused again before it went on
    comeBack(); // a place that is not used goes to others
  }
  showState();
}

// ---- the buttons

function command(name) {
  if (name === "backspace" && text.shorten()) return;
  if (name === "clear" && text.clear(open)) notice(say("Cleared"), true);
  if (open) link.command(name);
}

/** Bring back the text that was cleared a moment ago. */
function undo() {
  text.restore();
  notice("");
}

function aloud(words) {
  if (!words || !window.speechSynthesis) return;
  const speech = new SpeechSynthesisUtterance(words.toLowerCase());
  speech.lang = "en-US";
  speechSynthesis.speak(speech);
}

async function copy() {
  try {
    await navigator.clipboard.writeText(text.all);
    notice(say("Copied"));
  } catch {
    const selection = getSelection();
    selection.selectAllChildren($("text"));
    const done = document.execCommand("copy");
    selection.removeAllRanges();
    notice(say(done ? "Copied" : "The browser does not let it be copied."));
  }
}

async function record() {
  if (recorder.running) return recorder.stop();
  if (!hosts.current && !camera.running) return notice(say("Start the camera first."));
  try {
    await recorder.start(
      () => ({
        source: hosts.current ? $("shown") : video,
        result: chosen.boxes ? result : null,
        size: hosts.current ? { width: $("shown").naturalWidth || 640, height: $("shown").naturalHeight || 480 } : size,
        mirrored: mirrored(),
        text: text.all,
      }),
      recorded,
    );
    if (recorder.running) notice(say("Recording, to this device alone"));
  } catch (error) {
    if (error.name !== "AbortError") notice(say("This browser cannot record."));
  }
  $("record").setAttribute("aria-pressed", String(recorder.running));
}

/** A recording is over; all of it is there unless there is an `error`. */
function recorded(error) {
  if (error) alarm(say("The recording could not be saved: {reason}", { reason: error.message || error.name }));
  else notice(say("The recording was saved on this device."));
  $("record").setAttribute("aria-pressed", "false");
}

function openDialog(dialog) {
  dialog.showModal();
}

const BUTTONS = {
  delete: () => command("backspace"),
  space: () => command("space"),
  clear: () => command("clear"),
  undo,
  copy,
  speak: () => aloud(text.all),
  save: () => openDialog($("saving")),
  record,
  pause,
  panorama: () => panorama.press(),
  "settings-open": () => openDialog($("settings")),
  "practice-open": () => openDialog($("practice")),
  "people-open": () => people.open(),
  "share-open": () => openShare(notice),
  "start-button": begin,
  "save-text": () => download(`${text.all}\n`, named("txt"), "text/plain"),
  "save-captions": () => download(captions(text.words, text.all), named("vtt"), "text/vtt"),
};
for (const [id, act] of Object.entries(BUTTONS)) $(id).addEventListener("click", act);

// single keys may get in the way of speech input: a setting turns them off (WCAG 2.1.4); fields and
// what a browser does with buttons are left alone
const KEYS = {
  Backspace: ["delete", "Delete"],
  Delete: ["clear", "Clear"],
  z: ["undo", "Bring the cleared text back"],
  Enter: ["accept", "Take the proposed word"],
  " ": ["space", "Space"],
  c: ["copy", "Copy"],
  v: ["speak", "Speak"],
  s: ["save", "Save"],
  r: ["record", "Record"],
  p: ["pause", "Pause"],
  a: ["panorama", "Begin or end a panorama"],
  "+": ["larger", "Larger text"],
  "-": ["smaller", "Smaller text"],
};
const REPEATED = ["Backspace", "+", "-"];
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.repeat && !REPEATED.includes(event.key)) return; // held down: no switch is to flicker
  const target = event.target;
  if (!chosen.keys || (target instanceof Element && target.closest("input, select, textarea"))) return;
  if ([" ", "Enter"].includes(event.key) && target instanceof Element && target.closest("button, a")) return;
  const [action] = KEYS[event.key] ?? [];
  if (!action) return;
  event.preventDefault();
  if (action === "larger" || action === "smaller") resize(action === "larger" ? 0.2 : -0.2);
  else if (action === "accept") command("accept");
  else if (!$(action).hidden) $(action).click();
});

function showKeys() {
  const names = { " ": say("Space bar"), Backspace: "⌫", Delete: say("Del"), Enter: "⏎" };
  $("keys").replaceChildren(
    ...Object.entries(KEYS).filter(([, [action]]) => action === "undo" || !$(action)?.hidden).flatMap(([key, [, meaning]]) => [
      make("dt", {}, make("kbd", { dir: "ltr" }, names[key] ?? key)),
      make("dd", {}, say(meaning)),
    ]),
  );
}

// ---- settings

function resize(step) {
  const bounded = Math.min(3, Math.max(0.6, Math.round((chosen.size + step) * 10) / 10));
  choose("size", bounded);
  applySettings();
}

function applySettings() {
  const root = document.documentElement;
  root.dataset.look = chosen.look;
  root.style.setProperty("--caption", chosen.size);
  $("main").dataset.contrast = chosen.contrast;
  const onPicture = chosen.captions !== "below";
  if ($("main").dataset.captions !== chosen.captions) {
    $("main").dataset.captions = chosen.captions;
    if (onPicture) $("frame").append($("caption"));
    else document.querySelector(".reading").prepend($("caption"));
  }
  $("set-size").value = chosen.size;
  $("set-size-value").textContent = `${Math.round(chosen.size * 100)} %`;
  for (const name of ["contrast", "captions", "look", "language", "camera"]) $(`set-${name}`).value = chosen[name];
  for (const name of ["mirror", "boxes", "aloud", "keys"]) $(`set-${name}`).checked = chosen[name];
  redraw();
}

for (const name of ["contrast", "captions", "look"]) {
  $(`set-${name}`).addEventListener("change", (event) => {
    choose(name, event.target.value);
    applySettings();
  });
}
for (const name of ["mirror", "boxes", "aloud", "keys"]) {
  $(`set-${name}`).addEventListener("change", (event) => {
    choose(name, event.target.checked);
    applySettings();
  });
}
$("set-size").addEventListener("input", (event) => {
  choose("size", Number(event.target.value));
  applySettings();
});
$("set-camera").addEventListener("change", (event) => {
  choose("camera", event.target.value);
  if (camera.running) camera.start(chosen.camera).catch(() => cameraGone(say("The camera cannot be used.")));
});
$("set-language").addEventListener("change", async (event) => {
  choose("language", event.target.value);
  await speakIn(chosen.language);
  saidAnew();
});

function saidAnew() {
  showKeys();
  showState();
  hosts.show();
  strokes.show();
  listCameras();
  document.title = "livevision";
}

// the drawing follows the size of its place
new ResizeObserver(redraw).observe($("frame"));
addEventListener("pagehide", () => link.close());
addEventListener("pageshow", (event) => event.persisted && location.reload());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && camera.running && !paused) comeBack();
});

// a recording that goes on would be lost
addEventListener("beforeunload", (event) => recorder.running && event.preventDefault());

async function whoAmI() {
  const answer = await fetch("/api/me");
  return answer.ok ? answer.json() : me;
}

/** What the host shows now. */
async function sources() {
  return (await whoAmI()).sources;
}

/** A source of the host's will give no more pictures. */
function over(source) {
  forgetResult();
  alarm(say("{name} has ended.", { name: source.name }));
}

async function main() {
  me = await whoAmI();
  const language = best(me.languages, chosen.language);
  await speakIn(language);
  chosen.language = language;
  $("set-language").replaceChildren(
    ...me.languages.map((code) => make("option", { value: code, lang: code }, nameOf(code))),
  );
  const owner = me.role === "owner";
  $("people-open").hidden = !(owner && (me.activities ?? []).includes("people"));
  $("share-open").hidden = !owner;
  lessons.offered(me.activities ?? []);
  $("panorama").hidden = !me.recognizers.includes("panorama");
  if (me.recognizers.includes("segments")) strokes.offer();
  hosts.list(me.sources);
  applySettings();
  saidAnew();
  text.show();
  showState();
  document.documentElement.dataset.ready = "true";
}
main();
