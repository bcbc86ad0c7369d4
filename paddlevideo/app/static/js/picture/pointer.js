// Mouse, pen and fingers on the picture. One finger draws until a pen is seen; two fingers move and zoom.

import { cellOf, nearestStroke } from "./strokes.js";

const STILL = 4; // px that a click may move
const WHEEL = 0.0016; // zoom a wheel unit

/** @typedef {{id: number, kind: "draw" | "erase" | "pan", at: Point, minus?: Point | null, keys: Set<string>, refused: number}} Drag */
/** @typedef {{distance: number, centre: Point}} Spread of two fingers */

export class Pointer {
  /** @type {Map<number, Point>} places of touches by their pointer's id */
  #fingers = new Map();
  /** @type {Drag | null} */
  #drag = null;
  /** @type {Spread | null} */
  #pinch = null;
  #penSeen = false;

  /**
   * @param {import("./picture.js").Picture} picture
   * @param {EditorStore} store
   * @param {StrokeActions} actions
   */
  constructor(picture, store, actions) {
    this.picture = picture;
    this.store = store;
    this.actions = actions;
    const { top } = picture;
    top.addEventListener("pointerdown", (event) => this.#down(event));
    top.addEventListener("pointermove", (event) => this.#move(event));
    top.addEventListener("pointerup", (event) => this.#up(event));
    top.addEventListener("pointercancel", (event) => this.#cancel(event));
    top.addEventListener("pointerleave", () => this.#hover(null));
    top.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    top.addEventListener("contextmenu", (event) => event.preventDefault());
    store.subscribe(["frame"], () => this.#leave());
    top.addEventListener("dblclick", () => this.#panning && this.#fit());
  }

  /** Forget the stroke under way (Escape). */
  drop() {
    this.#drag = null;
    this.picture.drawing = null;
    this.store.set({ erasing: new Set() });
    this.picture.drawTop();
  }

  /** A stroke under way ends with the frame that it was begun on. */
  #leave() {
    const { drawing } = this.picture;
    if (!drawing || drawing.frame === this.store.get("frame")) return;
    this.drop();
    this.actions.stroke(drawing);
  }

  /** Whether a drag moves the picture. */
  get #panning() {
    return this.store.get("tool") === "pan" || this.store.get("result");
  }

  #fit() {
    this.picture.view.fit();
    this.picture.viewChanged();
  }

  /** @param {PointerEvent} event */
  #down(event) {
    const at = place(event);
    this.picture.top.setPointerCapture(event.pointerId);
    if (event.pointerType === "pen") this.#penSeen = true;
    if (event.pointerType === "touch") {
      this.#fingers.set(event.pointerId, at);
      if (this.#fingers.size === 2) {
        this.drop();
        this.#pinch = spread(this.#fingers);
      }
      if (this.#fingers.size > 1) return;
    }
    if (this.#drag) return;
    const kind = this.#kind(event);
    if (kind === "draw") this.#beginStroke(event.pointerId, at, event.altKey);
    else if (kind) {
      const minus = event.button === 2 && !this.store.get("result") ? at : null; // a click of the background, unless it moves
      this.#drag = { id: event.pointerId, kind, at, minus, keys: new Set(), refused: 0 };
    }
    if (this.#drag?.kind === "erase") this.#erase(this.#drag, [at]);
    this.#hover(at);
  }

  /** @param {PointerEvent} event @returns {Drag["kind"] | null} */
  #kind(event) {
    const tool = this.store.get("tool");
    if (event.button === 1 || event.button === 2 || this.#panning) return "pan";
    if (event.button === 5) return "erase"; // a pen's other end
    if (event.button !== 0) return null;
    if (event.pointerType === "touch" && this.#penSeen) return "pan";
    return tool === "eraser" ? "erase" : "draw";
  }

  /** @param {number} id @param {Point} at @param {boolean} other */
  #beginStroke(id, at, other) {
    const drawing = this.actions.begin(this.picture.view.toPicture(...at), other);
    if (!drawing) return;
    this.#drag = { id, kind: "draw", at, keys: new Set(), refused: 0 };
    this.picture.drawing = drawing;
  }

  /** @param {PointerEvent} event */
  #move(event) {
    const at = place(event);
    if (this.#fingers.has(event.pointerId)) this.#fingers.set(event.pointerId, at);
    if (this.#pinch) {
      this.#doPinch(this.#pinch);
      return;
    }
    this.#hover(at);
    const drag = this.#drag;
    if (drag?.id !== event.pointerId) return;
    const steps = event.getCoalescedEvents?.() ?? [];
    const places = (steps.length ? steps : [event]).map(place);
    if (drag.minus && Math.hypot(at[0] - drag.minus[0], at[1] - drag.minus[1]) > STILL) drag.minus = null;
    if (drag.kind === "pan") this.#pan(drag, at);
    else if (drag.kind === "erase") this.#erase(drag, places);
    else this.#extend(places);
  }

  /** @param {Point[]} places */
  #extend(places) {
    const { drawing } = this.picture;
    if (!drawing) return;
    const { points } = drawing;
    if (drawing.box) {
      points[1] = this.picture.view.toPicture(...places[places.length - 1]);
      this.picture.drawTop();
      return;
    }
    const least = this.picture.drawing?.mask ? 0.5 : cellOf(this.store.get("doc").video) / 8;
    for (const each of places) {
      const next = this.picture.view.toPicture(...each);
      const last = points[points.length - 1];
      if (Math.hypot(next[0] - last[0], next[1] - last[1]) >= least) points.push(next);
    }
    this.picture.drawTop();
  }

  /** @param {Drag} drag @param {Point[]} places */
  #erase(drag, places) {
    const { strokes, rounds, video } = this.store.get("doc");
    const past = new Set(rounds.filter((each) => each.propagated).map((each) => each.number));
    const frame = this.picture.here();
    const { keys } = drag;
    const radius = this.picture.radius();
    const there = strokes.filter((each) => each.frame === frame);
    // One at a touch: what lies beneath is taken by the next one, or where the eraser comes nearer to it.
    for (const each of places) {
      const hit = nearestStroke(there, this.picture.view.toPicture(...each), radius, video);
      if (hit?.round && past.has(hit.round)) drag.refused += 1;
      else if (hit) keys.add(hit.key);
    }
    this.store.set({ erasing: new Set(keys) });
  }

  /** @param {Drag} drag @param {Point} at */
  #pan(drag, at) {
    this.picture.view.move(at[0] - drag.at[0], at[1] - drag.at[1]);
    drag.at = at;
    this.picture.viewChanged();
  }

  /** @param {Spread} before */
  #doPinch(before) {
    if (this.#fingers.size !== 2) return;
    const now = spread(this.#fingers);
    const { view } = this.picture;
    view.move(now.centre[0] - before.centre[0], now.centre[1] - before.centre[1]);
    view.zoom(now.distance / before.distance, ...now.centre);
    this.#pinch = now;
    this.picture.viewChanged();
  }

  /** @param {PointerEvent} event */
  #up(event) {
    this.#fingers.delete(event.pointerId);
    if (this.#fingers.size < 2) this.#pinch = null;
    if (event.pointerType === "touch") this.#hover(null);
    if (this.#drag?.id !== event.pointerId) return;
    const { kind, keys, refused, minus } = this.#drag;
    const { drawing } = this.picture;
    this.#drag = null;
    this.picture.drawing = null;
    if (kind === "draw" && drawing) this.actions.stroke(drawing);
    if (kind === "erase") this.actions.erase([...keys], refused);
    if (minus) this.actions.minus(this.picture.view.toPicture(...minus));
    this.picture.drawTop();
  }

  /** @param {PointerEvent} event */
  #cancel(event) {
    this.#fingers.delete(event.pointerId);
    if (this.#fingers.size < 2) this.#pinch = null;
    if (this.#drag?.id === event.pointerId) this.drop();
  }

  /** @param {Point | null} at */
  #hover(at) {
    this.picture.pointer = at;
    this.picture.drawTop();
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? 32 : 1;
    const { view } = this.picture;
    if (event.shiftKey) view.move(-(event.deltaX || event.deltaY) * unit, 0);
    else if (event.ctrlKey) view.zoom(Math.exp(-event.deltaY * unit * WHEEL * 6), ...place(event));
    else view.zoom(Math.exp(-event.deltaY * unit * WHEEL), ...place(event));
    this.picture.viewChanged();
  }
}

/**
 * Where an event is on the canvas; coalesced events carry no offset, so the canvas's own place is taken off.
 * @param {MouseEvent} event
 * @returns {Point}
 */
function place(event) {
  const box = /** @type {Element} */ (event.currentTarget ?? event.target).getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

/** @param {Map<number, Point>} fingers two of them @returns {Spread} */
function spread(fingers) {
  const [[ax, ay], [bx, by]] = [...fingers.values()];
  return { distance: Math.max(1, Math.hypot(ax - bx, ay - by)), centre: [(ax + bx) / 2, (ay + by) / 2] };
}
