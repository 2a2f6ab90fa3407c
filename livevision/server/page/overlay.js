// Captions for calls and streams. Options stand in the address: ?size=4.5 (percent of the height),
// ?at=top, ?letters=32 (how many are shown at most), ?stay=8 (seconds until a text that does not
// change goes; 0 is for ever), ?box=1 (on a dark box), ?stream=ID.

const wishes = new URLSearchParams(location.search);
const number = (name, usual, low, high) => {
  const value = Number(wishes.get(name) ?? usual);
  return Number.isFinite(value) ? Math.min(high, Math.max(low, value)) : usual;
};
const size = number("size", 4.5, 2, 30);
const most = number("letters", 32, 10, 400);
const stay = number("stay", 8, 0, 3600);
const line = document.getElementById("text");
line.style.setProperty("--size", `${size}vh`);
if (wishes.get("box") === "1") line.dataset.box = "";
if (wishes.get("at") === "top") document.querySelector("main").dataset.at = "top";

let going = 0;

/** The end of the text, from the start of a word on. */
function tail(text) {
  const last = text.trimEnd().split("\n").at(-1);
  if (last.length <= most) return last;
  const cut = last.slice(-most);
  const space = cut.indexOf(" ");
  return space < 0 ? cut : cut.slice(space + 1);
}

function show(text) {
  line.textContent = tail(text);
  clearTimeout(going);
  if (stay) going = setTimeout(() => (line.textContent = ""), stay * 1000);
}

const stream = wishes.get("stream");
const events = new EventSource(`/api/events${stream ? `?stream=${encodeURIComponent(stream)}` : ""}`);
events.addEventListener("text", (event) => show(JSON.parse(event.data).text));
events.addEventListener("stream", (event) => JSON.parse(event.data).id === null && (line.textContent = ""));
