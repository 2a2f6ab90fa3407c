// What was found, drawn over the picture. Colours of Okabe and Ito, as in the program's window.

import { say } from "./words.js";

const COLORS = {
  hand: ["#56b4e9", "#f0e442"],
  face: ["#e69f00"],
  segment: ["#cc79a7", "#56b4e9", "#e69f00", "#009e73", "#f0e442", "#d55e00", "#0072b2"],
};
const OTHER = ["#cc79a7"];

/** Fit `canvas` to its place and give the transformation from the picture's pixels to it. */
function fitted(canvas, size) {
  const ratio = window.devicePixelRatio || 1;
  const width = Math.round(canvas.clientWidth * ratio);
  const height = Math.round(canvas.clientHeight * ratio);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const scale = Math.min(width / size.width, height / size.height);
  return { scale, left: (width - size.width * scale) / 2, top: (height - size.height * scale) / 2, ratio };
}

/** Where a point of the screen lies in a picture of `size` that `canvas` shows, in its pixels. */
export function inPicture(canvas, size, mirrored, { clientX, clientY }) {
  const { scale, left, top, ratio } = fitted(canvas, size);
  const place = canvas.getBoundingClientRect();
  const within = (value, most) => Math.round(Math.min(most - 1, Math.max(0, value)));
  const x = within(((clientX - place.left) * ratio - left) / scale, size.width);
  const y = within(((clientY - place.top) * ratio - top) / scale, size.height);
  return { x: mirrored ? size.width - 1 - x : x, y };
}

/** Draw a stroke that is being made, or the cursor where one may begin. */
export function drawStroke(canvas, size, mirrored, { from, to, number }) {
  const { scale, left, top, ratio } = fitted(canvas, size);
  const context = canvas.getContext("2d");
  const at = ({ x, y }) => [left + ((mirrored ? size.width - 1 - x : x) + 0.5) * scale, top + (y + 0.5) * scale];
  const color = strokeColor(number);
  context.lineCap = "round";
  for (const [style, width] of [["#000c", 9], [color, 5]]) {
    context.strokeStyle = context.fillStyle = style;
    context.lineWidth = width * ratio;
    context.beginPath();
    context.moveTo(...at(from ?? to));
    context.lineTo(...at(to));
    context.stroke();
    context.beginPath();
    context.arc(...at(to), (width + 3) * ratio, 0, 2 * Math.PI);
    context.stroke();
  }
}

/** The colour of what the strokes with `number` are drawn over. */
export function strokeColor(number) {
  return COLORS.segment[number % COLORS.segment.length];
}

/** Draw the detections of `result`, made in a picture of `size`. */
export function draw(canvas, result, size, mirrored) {
  const context = canvas.getContext("2d");
  const fit = fitted(canvas, size);
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (!result) return;
  paint(context, result, size, mirrored, fit);
}

export function paint(context, result, size, mirrored, { scale, left, top, ratio }) {
  for (const each of result.detections) {
    const colors = COLORS[each.kind] ?? OTHER;
    // what strokes were drawn over has the colour of its number
    const numbered = each.kind === "segment" && /^[1-9]$/.test(each.label);
    const color = colors[(numbered ? Number(each.label) : (each.track ?? 0)) % colors.length];
    const [l, t, r, b] = each.box;
    const x = left + (mirrored ? size.width - r : l) * scale;
    const y = top + t * scale;
    const width = (r - l) * scale;
    const height = (b - t) * scale;
    context.lineJoin = "round";
    if (each.outlines) fill(context, each.outlines, color, (value) => left + (mirrored ? size.width - value : value) * scale, (value) => top + value * scale, ratio);
    else for (const [style, line] of [["#000a", 5], [color, 3]]) {
      context.strokeStyle = style;
      context.lineWidth = line * ratio;
      context.beginPath();
      context.roundRect(x, y, width, height, 8 * ratio);
      context.stroke();
    }
    if (!each.label || numbered) continue; // colours tell the numbers
    const stranger = each.label === "unknown";
    const chance = each.confidence > 0 && !stranger && !each.outlines ? `  ${Math.round(each.confidence * 100)} %` : "";
    const text = stranger ? say("unknown") : each.label + chance;
    context.font = `600 ${Math.round(18 * ratio)}px system-ui, sans-serif`;
    const wide = context.measureText(text).width + 16 * ratio;
    const tall = 28 * ratio;
    const at = Math.max(0, y - tall - 3 * ratio);
    context.fillStyle = "#06090de0";
    context.beginPath();
    context.roundRect(x, at, wide, tall, 6 * ratio);
    context.fill();
    context.fillStyle = color;
    context.textBaseline = "middle";
    context.direction = "ltr";
    context.textAlign = "left";
    context.fillText(text, x + 8 * ratio, at + tall / 2 + ratio);
  }
}

/** Fill what has been outlined, half through which the picture is seen. */
function fill(context, outlines, color, across, down, ratio) {
  context.beginPath();
  for (const points of outlines) {
    for (let at = 0; at < points.length; at += 2) {
      const place = [across(points[at]), down(points[at + 1])];
      if (at) context.lineTo(...place);
      else context.moveTo(...place);
    }
    context.closePath();
  }
  context.globalAlpha = 0.4;
  context.fillStyle = color;
  context.fill("evenodd");
  context.globalAlpha = 1;
  context.strokeStyle = color;
  context.lineWidth = 2 * ratio;
  context.stroke();
}
