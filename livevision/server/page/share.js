import { $ } from "./dom.js";
export function openShare() { $("share").showModal(); }
