// What the timeline looks like, row by row.

/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {import("./scale.js").TimelineScale} Scale */

/** Rows of the canvas, px from its top: ruler, thumbnails, marks, lanes, and the overview where the timeline scrolls. */
export const ROWS = { thumbs: 18, thumbsHeight: 46, marks: 66, marksHeight: 12, lanes: 80 };
const [LANES, THINNEST, THICKEST] = [40, 3, 8]; // px of all lanes, if that is possible, and of one
const [OVERVIEW, EDGE] = [14, 4]; // px

/** Px of an object's lane, a gap included. @param {number} objects */
const laneHeight = (objects) => Math.min(THICKEST, Math.max(THINNEST, Math.floor(LANES / Math.max(1, objects))));
/** Where the overview begins, px. @param {number} objects */
export const overviewTop = (objects) => ROWS.lanes + Math.max(1, objects) * laneHeight(objects) + 2;
/** @param {Scale} scale @param {number} objects */
export const heightOf = (scale, objects) => overviewTop(objects) + (scale.scrolls ? OVERVIEW : 0) + EDGE;

const INK = "#9aa3b2";
const GROUND = "#242932"; // of rows

/**
 * Thumbnails side by side, each of the frame at its left edge; asks the cache for those in sight.
 * @param {Context} context
 * @param {Scale} scale
 * @param {import("../net/bitmaps.js").BitmapCache} cache
 * @param {number} thumbWidth
 * @param {number} frames
 */
export function drawThumbs(context, scale, cache, thumbWidth, frames) {
  const [top, height] = [ROWS.thumbs, ROWS.thumbsHeight];
  const step = Math.max(1, Math.round(thumbWidth / scale.perFrame)); // frames a thumbnail
  const width = step * scale.perFrame;
  const first = Math.floor(scale.frame(0) / step) * step;
  const last = scale.frame(scale.width);
  const wanted = [];
  for (let frame = first; frame <= last; frame += step) {
    wanted.push(frame);
    const x = scale.x(frame);
    const room = Math.min(width, (frames - frame) * scale.perFrame) - 1;
    context.fillStyle = "#1f232a";
    context.fillRect(x, top, room, height);
    const bitmap = cache.peek(frame);
    if (!bitmap) continue;
    const zoom = Math.max(width / bitmap.width, height / bitmap.height);
    const [cutWidth, cutHeight] = [Math.min(bitmap.width, room / zoom), height / zoom];
    const [cutLeft, cutTop] = [(bitmap.width - cutWidth) / 2, (bitmap.height - cutHeight) / 2];
    context.drawImage(bitmap, cutLeft, cutTop, cutWidth, cutHeight, x, top, room, height);
  }
  const middle = scale.frame(scale.width / 2);
  cache.ahead(wanted.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle)));
}

/**
 * How much the last propagation changed each frame, as bars.
 * @param {Context} context
 * @param {Scale} scale
 * @param {Frames<string[]>} frames
 */
export function drawChanges(context, scale, { changed }) {
  const [top, height] = [ROWS.marks, ROWS.marksHeight];
  const [first, last] = [scale.frame(0), scale.frame(scale.width)];
  context.fillStyle = GROUND;
  context.fillRect(scale.x(first), top, scale.x(last + 1) - scale.x(first), height);
  const most = changed.reduce((/** @type {number} */ max, each) => Math.max(max, each ?? 0), 0);
  if (!most) return;
  context.fillStyle = "#5b6676";
  for (let frame = first; frame <= last; frame += 1) {
    const bar = Math.round(((changed[frame] ?? 0) / most) * (height - 1));
    if (bar > 0) context.fillRect(scale.x(frame), top + height - bar, scale.perFrame, bar);
  }
}

/**
 * A lane an object, in its colour: solid where its mask is current, hatched where it is out of date.
 * @param {Context} context
 * @param {Scale} scale
 * @param {Project} doc
 */
export function drawLanes(context, scale, { objects, lanes }) {
  const height = laneHeight(objects.length);
  const [first, last] = [scale.frame(0), scale.frame(scale.width)];
  objects.forEach(({ id, color, hidden }, i) => {
    const top = ROWS.lanes + i * height;
    context.fillStyle = GROUND;
    context.fillRect(scale.x(first), top, scale.x(last + 1) - scale.x(first), height - 1);
    context.globalAlpha = hidden ? 0.35 : 1;
    drawLane(context, lanes[id] ?? [], color, [first, last], (frame) => scale.x(frame), [top, height - 1]);
    context.globalAlpha = 1;
  });
}

/**
 * @param {Context} context
 * @param {string[]} lane
 * @param {string} color
 * @param {Span} frames
 * @param {(frame: number) => number} x
 * @param {[number, number]} place top and height
 */
function drawLane(context, lane, color, [first, last], x, [top, height]) {
  context.fillStyle = context.strokeStyle = color;
  for (let from = first; from <= last; ) {
    let to = from + 1;
    while (to <= last && lane[to] === lane[from]) to += 1;
    const [left, width] = [x(from), Math.max(1, x(to) - x(from))];
    if (lane[from] === "s") hatch(context, left, top, width, height);
    else if (lane[from] && lane[from] !== ".") context.fillRect(left, top, width, height);
    from = to;
  }
}

/** @param {Context} context @param {number} left @param {number} top @param {number} width @param {number} height */
function hatch(context, left, top, width, height) {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.beginPath();
  context.lineWidth = 2;
  for (let at = Math.floor((left - height) / 6) * 6; at < left + width; at += 6) {
    context.moveTo(at, top + height + 1);
    context.lineTo(at + height + 2, top - 1);
  }
  context.stroke();
  context.restore();
}

/**
 * A diamond over each frame with strokes, a square over one by hand; those not propagated yet are hollow.
 * @param {Context} context
 * @param {Scale} scale
 * @param {Project} doc
 */
export function drawMarks(context, scale, { strokes, rounds, frames }) {
  const waiting = new Set(rounds.filter((each) => !each.propagated).map((each) => each.frame));
  const byHand = new Map(rounds.map((each) => [each.frame, each.by_hand])); // the last round of a frame counts
  const marked = new Set([...strokes.map((each) => each.frame), ...rounds.map((each) => each.frame)]);
  frames.state.forEach((state, frame) => state === "a" && marked.add(frame));
  const y = ROWS.marks + ROWS.marksHeight / 2;
  for (const frame of marked) {
    const x = scale.centre(frame);
    if (x < -8 || x > scale.width + 8) continue;
    context.save();
    context.translate(x, y);
    if (!byHand.get(frame)) context.rotate(Math.PI / 4);
    context.fillStyle = waiting.has(frame) ? "#16191e" : "#6cc5ff";
    context.strokeStyle = waiting.has(frame) ? "#ffb454" : "#0b0d10";
    context.lineWidth = waiting.has(frame) ? 2.2 : 1.4;
    context.fillRect(-4.5, -4.5, 9, 9);
    context.strokeRect(-4.5, -4.5, 9, 9);
    context.restore();
  }
}

/**
 * Shade what is outside the span and draw its two handles.
 * @param {Context} context
 * @param {Scale} scale
 * @param {Span | null} span
 * @param {number} objects how many there are
 */
export function drawSpan(context, scale, span, objects) {
  const [from, to] = span ?? [0, scale.frames - 1];
  const [left, right] = [scale.x(from), scale.x(to + 1)];
  const [top, bottom] = [ROWS.thumbs, overviewTop(objects) - 2];
  if (span) {
    context.fillStyle = "rgb(13 15 18 / 72%)";
    context.fillRect(0, top, Math.max(0, left), bottom - top);
    context.fillRect(right, top, Math.max(0, scale.width - right), bottom - top);
  }
  context.fillStyle = span ? "#ffb454" : "#566070";
  context.fillRect(left - 5, top, 5, ROWS.thumbsHeight);
  context.fillRect(right, top, 5, ROWS.thumbsHeight);
  if (!span) return;
  context.fillRect(left, top - 1, right - left, 2);
  context.fillRect(left, top + ROWS.thumbsHeight - 1, right - left, 2);
}

/**
 * The whole video as a strip, with the part in sight framed; there when the timeline scrolls.
 * @param {Context} context
 * @param {Scale} scale
 * @param {Project} doc
 * @param {number} frame
 */
export function drawOverview(context, scale, { objects, lanes }, frame) {
  const [top, height] = [overviewTop(objects.length), OVERVIEW - EDGE];
  /** @param {number} at */
  const x = (at) => (at / scale.frames) * scale.width;
  context.fillStyle = GROUND;
  context.fillRect(0, top + 3, scale.width, height - 6);
  for (const { id, color } of objects) drawLane(context, lanes[id] ?? [], color, [0, scale.frames - 1], x, [top + 3, height - 6]);
  const [left, width] = overviewWindow(scale);
  context.fillStyle = "rgb(255 255 255 / 14%)";
  context.fillRect(left, top, width, height);
  context.strokeStyle = INK;
  context.lineWidth = 1;
  context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
  context.fillStyle = "#ffffff";
  context.fillRect(x(frame + 0.5) - 0.75, top, 1.5, height);
}

/**
 * Left edge and width of the frame around the part in sight.
 * @param {Scale} scale
 */
export function overviewWindow(scale) {
  const width = Math.max(16, (scale.width / scale.length) * scale.width);
  const room = scale.length - scale.width;
  return [room > 0 ? (scale.offset / room) * (scale.width - width) : 0, width];
}

/**
 * Ruler ticks with frame numbers (from 1, as a person counts), and the playhead over all.
 * @param {Context} context
 * @param {Scale} scale
 * @param {number} frame
 * @param {number} rate
 * @param {number} objects how many there are
 */
export function drawPlayhead(context, scale, frame, rate, objects) {
  drawRuler(context, scale, rate);
  const x = scale.centre(frame);
  context.fillStyle = "#ffffff";
  context.fillRect(x - 0.75, ROWS.thumbs - 4, 1.5, overviewTop(objects) - 2 - ROWS.thumbs + 4);
  context.font = "600 11px system-ui, sans-serif";
  const text = String(frame + 1);
  const width = Math.max(22, context.measureText(text).width + 10);
  const left = Math.min(Math.max(0, x - width / 2), scale.width - width);
  context.beginPath();
  context.roundRect(left, 0, width, 15, 4);
  context.fill();
  context.fillStyle = "#0b0d10";
  context.textAlign = "center";
  context.fillText(text, left + width / 2, 11.5);
}

/**
 * @param {Context} context
 * @param {Scale} scale
 * @param {number} rate
 */
function drawRuler(context, scale, rate) {
  const second = Math.max(1, Math.round(rate));
  const steps = [1, 2, 5, 10, second, 2 * second, 5 * second, 10 * second, 30 * second, 60 * second, 300 * second];
  const step = steps.filter((each) => each * scale.perFrame >= 64).sort((a, b) => a - b)[0] ?? 600 * second;
  context.font = "10px system-ui, sans-serif";
  context.textAlign = "center";
  for (let at = Math.floor(scale.frame(0) / step) * step; at <= scale.frame(scale.width); at += step) {
    const x = scale.centre(at);
    context.fillStyle = "#4a5362";
    context.fillRect(x - 0.5, ROWS.thumbs - 4, 1, 4);
    context.fillStyle = INK;
    context.fillText(String(at + 1), Math.max(x, 10), 11);
  }
}
