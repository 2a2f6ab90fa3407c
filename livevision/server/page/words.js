// What the page says, in the language of whoever reads it. Catalogues are flat: English to theirs.

const RIGHT_TO_LEFT = new Set(["ar", "he", "fa", "ur"]);
let catalogue = {};
export let language = "en";

/** `text` in the language chosen, with `{name}` replaced by what `values` has for it. */
export function say(text, values = {}) {
  const said = catalogue[text] || text;
  return said.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));
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
}

/** The name of a language in itself. */
export function nameOf(code) {
  try {
    return new Intl.DisplayNames([code], { type: "language" }).of(code);
  } catch {
    return code;
  }
}
