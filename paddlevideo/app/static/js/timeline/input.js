// Mouse, fingers, wheel and keys on the timeline.

import { clamp } from "../ui/dom.js";
import { ROWS, overviewTop, overviewWindow } from "./paint.js";

const CURSORS = { seek: "pointer", overview: "grab", in: "ew-resize", out: "ew-resize" };
const HANDLE = 12; // px in which a span handle is hit

/**
 * @param {import("./timeline.js").Timeline} timeline
 * @param {EditorStore} store
 * @param {(frame: number) => void} seek
 */
export function attachTimelineInput(timeline, store, seek) {
  const { canvas, scale } = timeline;
  /** @type {"seek" | "in" | "out" | "overview" | "pinch" | null} */
  let drag = null;
  /** @type {Map<number, number>} x of touches by their pointer's id */
  const fingers = new Map();

  /** @param {MouseEvent} event @returns {Point} */
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  /** @param {Point} at */
  const hit = ([x, y]) => {
    if (scale.scrolls && y >= overviewTop(store.get("doc").objects.length) - 1) return "overview";
    if (y < ROWS.thumbs || y > ROWS.thumbs + ROWS.thumbsHeight) return "seek";
    const [from, to] = store.get("span") ?? [0, scale.frames - 1];
    const [left, right] = [scale.x(from), scale.x(to + 1)];
    // Outside the span alone: what is inside takes the click.
    if (x < left && x > left - HANDLE) return "in";
    return x > right && x < right + HANDLE ? "out" : "seek";
  };

  /** @param {Point} at */
  const pull = ([x]) => {
    if (drag === "overview") {
      const [, width] = overviewWindow(scale);
      scale.scrollTo(((x - width / 2) / (scale.width - width)) * (scale.length - scale.width));
      timeline.draw();
    } else if (drag === "seek") seek(scale.frame(x));
    else if (drag === "in" || drag === "out") moveSpan(store, drag, scale.frame(x));
  };

  /** @param {PointerEvent} event */
  const pinch = (event) => {
    const [a, b] = fingers.values();
    fingers.set(event.pointerId, place(event)[0]);
    const [c, d] = fingers.values();
    scale.scrollBy((a + b - c - d) / 2);
    scale.zoom(Math.max(1, Math.abs(c - d)) / Math.max(1, Math.abs(a - b)), (c + d) / 2);
    timeline.draw();
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    if (event.pointerType === "touch" && fingers.size < 2) fingers.set(event.pointerId, place(event)[0]);
    drag = fingers.size === 2 ? "pinch" : hit(place(event));
    if (drag === "seek" || drag === "overview") pull(place(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (drag === "pinch") {
      if (fingers.has(event.pointerId)) pinch(event);
    } else if (drag) pull(place(event));
    else canvas.style.cursor = CURSORS[hit(place(event))];
  });
  /** @param {PointerEvent} event */
  const release = (event) => {
    fingers.delete(event.pointerId);
    drag = null;
  };
  for (const name of /** @type {const} */ (["pointerup", "pointercancel"])) canvas.addEventListener(name, release);

  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const unit = event.deltaMode === 1 ? 32 : 1;
      if (event.ctrlKey || event.altKey) scale.zoom(Math.exp(-event.deltaY * unit * 0.004), place(event)[0]);
      else scale.scrollBy((event.deltaX + event.deltaY) * unit);
      timeline.draw();
    },
    { passive: false },
  );
}

/** Set one end of the span; a span over the whole video is none. @param {EditorStore} store @param {"in" | "out"} end @param {number} frame */
export function moveSpan(store, end, frame) {
  const last = store.get("doc").video.frames - 1;
  let [from, to] = store.get("span") ?? [0, last];
  if (end === "in") [from, to] = [clamp(frame, 0, last), Math.max(frame, to)];
  else [from, to] = [Math.min(frame, from), clamp(frame, 0, last)];
  store.set({ span: from === 0 && to === last ? null : [from, to] });
}
