// Links for others, for the owner alone: guests in the network, OBS.

import { $, make } from "./dom.js";
import { say } from "./words.js";

export async function openShare(notice) {
  const answer = await fetch("/api/share");
  if (!answer.ok) return notice(say("The links cannot be had."));
  const { links, trust, fingerprint } = await answer.json();
  const body = $("share-body");
  body.replaceChildren();
  if (trust) {
    body.append(
      make("p", {}, say("Phones and tablets have to trust this computer once. Open this address there first, and compare the fingerprint:")),
      field(trust, say("Address")),
      make("p", { className: "note code", dir: "ltr" }, fingerprint),
    );
  } else {
    body.append(
      make("p", { className: "note" }, say("To let phones and tablets in, start livevision serve with --lan.")),
    );
  }
  for (const { what, address, qr } of links) {
    const part = make("section", { className: "link" }, make("h3", {}, say(what)));
    const code = make("img", { className: "qr", src: qr, alt: say("QR code of the link"), hidden: !address.startsWith("https") });
    const shown = field(address, say(what));
    part.append(code, shown);
    const copy = make("button", { type: "button", className: "quiet" }, say("Copy"));
    copy.onclick = async () => {
      try {
        await navigator.clipboard.writeText(address);
        copy.textContent = say("Copied");
      } catch {
        shown.select(); // an address without https has no clipboard
        copy.textContent = say(document.execCommand("copy") ? "Copied" : "The browser does not let it be copied.");
      }
    };
    part.append(copy);
    body.append(part);
  }
  $("share").showModal();
}

function field(value, label) {
  const input = make("input", { type: "text", readOnly: true, value, dir: "ltr" });
  input.setAttribute("aria-label", label);
  input.onfocus = () => input.select();
  return input;
}
