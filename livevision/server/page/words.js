// What the page says, in the language of whoever reads it. Catalogues are flat: English to theirs.

const RIGHT_TO_LEFT = new Set(["ar", "he", "fa", "ur"]);
let catalogue = {};
export let language = "en";

const PLACE = /\{(\w+)\}/g;
let forms = []; // of keys with places: [pattern, what is said instead]

/** `text` in the language chosen, with `{name}` replaced by what `values` has for it. */
export function say(text, values = {}) {
  const said = catalogue[text] || text;
  return said.replace(PLACE, (whole, name) => (name in values ? values[name] : whole));
}

/** A text that was put together elsewhere, "Lost door: reconnecting", in the language chosen: by
 * the key of its form, "Lost {name}: reconnecting" (as livevision.languages.say). */
export function saidAs(text) {
  if (!text || text in catalogue) return say(text);
  for (const [form, said] of forms) {
    const found = form.exec(text);
    if (found) return said.replace(PLACE, (whole, name) => saidAs(found.groups[name]));
  }
  return text;
}

function formOf(key) {
  const escaped = key.replace(/[.*+?^$()|[\]\\/]/g, "\\$&");
  const form = escaped.replace(PLACE, (whole, name) => `(?<${name}>${name === "letter" ? "[A-Z]" : "[^]+?"})`);
  return new RegExp(`^${form}$`);
}

/** The best of `available` for this browser, or the one that was chosen before. */
export function best(available, chosen) {
  if (available.includes(chosen)) return chosen;
  for (const wish of navigator.languages ?? [navigator.language]) {
    const short = wish.toLowerCase().split("-")[0];
    if (available.includes(short)) return short;
  }
  return "en";
}

/** Speak `code` from now on: everything marked with data-say and data-say-label is said anew. */
export async function speakIn(code) {
  const answer = await fetch(`/languages/${code}.json`);
  catalogue = answer.ok ? await answer.json() : {};
  const keys = Object.keys(catalogue).filter((key) => key.search(PLACE) >= 0);
  keys.sort((one, other) => other.length - one.length);
  forms = keys.map((key) => [formOf(key), catalogue[key]]);
  language = answer.ok ? code : "en";
  document.documentElement.lang = language;
  document.documentElement.dir = RIGHT_TO_LEFT.has(language) ? "rtl" : "ltr";
  sayAll(document);
}

/** Say everything below `root` that is marked. */
export function sayAll(root) {
  for (const each of root.querySelectorAll("[data-say]")) each.textContent = say(each.dataset.say);
  for (const each of root.querySelectorAll("[data-say-label]")) {
    each.setAttribute("aria-label", say(each.dataset.sayLabel));
  }
  for (const each of root.querySelectorAll("[data-say-alt]")) each.alt = say(each.dataset.sayAlt);
}

/** The name of a language in itself. */
export function nameOf(code) {
  try {
    return new Intl.DisplayNames([code], { type: "language" }).of(code);
  } catch {
    return code;
  }
}
