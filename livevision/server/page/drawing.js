// What was found, drawn over the picture. Colours of Okabe and Ito, as in the program's window.

const COLORS = { hand: ["#56b4e9", "#f0e442"], face: ["#e69f00"] };
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
    const color = colors[(each.track ?? 0) % colors.length];
    const [l, t, r, b] = each.box;
    const x = left + (mirrored ? size.width - r : l) * scale;
    const y = top + t * scale;
    const width = (r - l) * scale;
    const height = (b - t) * scale;
    context.lineJoin = "round";
    for (const [style, line] of [["#000a", 5], [color, 3]]) {
      context.strokeStyle = style;
      context.lineWidth = line * ratio;
      context.beginPath();
      context.roundRect(x, y, width, height, 8 * ratio);
      context.stroke();
    }
    if (!each.label) continue;
    const chance = each.confidence > 0 ? `  ${Math.round(each.confidence * 100)} %` : "";
    const text = each.label + chance;
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
