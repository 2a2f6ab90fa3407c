// What the user chose, kept in this browser alone.

const KEY = "livevision";
const DEFAULTS = {
  size: 1,
  contrast: "plain",
  captions: "below",
  look: "auto",
  language: "",
  camera: "",
  mirror: true,
  boxes: true,
  aloud: false,
  keys: true,
};

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "{}");
    const known = Object.entries(DEFAULTS).filter(([name, value]) => typeof kept[name] === typeof value);
    return { ...DEFAULTS, ...Object.fromEntries(known.map(([name]) => [name, kept[name]])) };
  } catch {
    return { ...DEFAULTS };
  }
}

export const chosen = read();

/** Keep one choice. */
export function choose(name, value) {
  chosen[name] = value;
  try {
    localStorage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    // a private window keeps nothing; the choice holds until it is closed
  }
}
