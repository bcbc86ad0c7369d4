// Mouse, pen and fingers on the picture. One finger draws until a pen is seen; two fingers move and zoom.

import { cellOf, touches } from "./strokes.js";

const WHEEL = 0.0016; // zoom a wheel unit

export class Pointer {
  #fingers = new Map(); // pointer id -> [x, y] of touches
  #drag = null; // {id, kind: "draw" | "erase" | "pan", at}
  #pinch = null; // {distance, centre}
  #penSeen = false;

  /**
   * @param {Picture} picture
   * @param {Store} store
   * @param {object} actions
   * @param {() => number|null} actions.begin called before drawing; returns the object to draw, or null to draw nothing
   * @param {(drawn: number[][], object: number) => void} actions.stroke
   * @param {(keys: string[], refused: number) => void} actions.erase
   */
  constructor(picture, store, actions) {
    Object.assign(this, { picture, store, actions });
    const { top } = picture;
    top.addEventListener("pointerdown", (event) => this.#down(event));
    top.addEventListener("pointermove", (event) => this.#move(event));
    top.addEventListener("pointerup", (event) => this.#up(event));
    top.addEventListener("pointercancel", (event) => this.#cancel(event));
    top.addEventListener("pointerleave", () => this.#hover(null));
    top.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    top.addEventListener("contextmenu", (event) => event.preventDefault());
    top.addEventListener("dblclick", () => this.store.get("tool") === "pan" && this.#fit());
  }

  /** Forget the stroke under way (Escape). */
  drop() {
    this.#drag = null;
    this.picture.drawing = null;
    this.store.set({ erasing: new Set() });
    this.picture.drawTop();
  }

  #fit() {
    this.picture.view.fit();
    this.picture.viewChanged();
  }

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
    if (kind === "draw") this.#beginStroke(event.pointerId, at);
    else if (kind) this.#drag = { id: event.pointerId, kind, at, keys: new Set(), refused: 0 };
    if (kind === "erase") this.#erase([at]);
    this.#hover(at);
  }

  #kind(event) {
    const tool = this.store.get("tool");
    if (event.button === 1 || event.button === 2 || tool === "pan") return "pan";
    if (event.button === 5) return "erase"; // a pen's other end
    if (event.button !== 0) return null;
    if (event.pointerType === "touch" && this.#penSeen) return "pan";
    return tool === "eraser" ? "erase" : "draw";
  }

  #beginStroke(id, at) {
    const object = this.actions.begin();
    if (object === null) return;
    this.#drag = { id, kind: "draw", at };
    this.picture.drawing = { points: [this.picture.view.toPicture(...at)], object };
  }

  #move(event) {
    const at = place(event);
    if (this.#fingers.has(event.pointerId)) this.#fingers.set(event.pointerId, at);
    if (this.#pinch) return this.#doPinch();
    this.#hover(at);
    if (this.#drag?.id !== event.pointerId) return undefined;
    const steps = event.getCoalescedEvents?.() ?? [];
    const places = (steps.length ? steps : [event]).map(place);
    if (this.#drag.kind === "pan") this.#pan(at);
    else if (this.#drag.kind === "erase") this.#erase(places);
    else this.#extend(places);
    return undefined;
  }

  #extend(places) {
    const { points } = this.picture.drawing;
    const least = cellOf(this.store.get("doc").video) / 8;
    for (const each of places) {
      const next = this.picture.view.toPicture(...each);
      const last = points[points.length - 1];
      if (Math.hypot(next[0] - last[0], next[1] - last[1]) >= least) points.push(next);
    }
    this.picture.drawTop();
  }

  #erase(places) {
    const { strokes, rounds, video } = this.store.get("doc");
    const past = new Set(rounds.filter((each) => each.propagated).map((each) => each.number));
    const frame = this.store.get("frame");
    const { keys } = this.#drag;
    const radius = this.picture.radius();
    for (const stroke of strokes.filter((each) => each.frame === frame && !keys.has(each.key))) {
      const hit = places.some((each) => touches(stroke, this.picture.view.toPicture(...each), radius, video));
      if (hit && past.has(stroke.round)) this.#drag.refused += 1;
      else if (hit) keys.add(stroke.key);
    }
    this.store.set({ erasing: new Set(keys) });
  }

  #pan(at) {
    this.picture.view.move(at[0] - this.#drag.at[0], at[1] - this.#drag.at[1]);
    this.#drag.at = at;
    this.picture.viewChanged();
  }

  #doPinch() {
    if (this.#fingers.size !== 2) return;
    const now = spread(this.#fingers);
    const { view } = this.picture;
    view.move(now.centre[0] - this.#pinch.centre[0], now.centre[1] - this.#pinch.centre[1]);
    view.zoom(now.distance / this.#pinch.distance, ...now.centre);
    this.#pinch = now;
    this.picture.viewChanged();
  }

  #up(event) {
    this.#fingers.delete(event.pointerId);
    if (this.#fingers.size < 2) this.#pinch = null;
    if (event.pointerType === "touch") this.#hover(null);
    if (this.#drag?.id !== event.pointerId) return;
    const { kind, keys, refused } = this.#drag;
    const { drawing } = this.picture;
    this.#drag = null;
    this.picture.drawing = null;
    if (kind === "draw") this.actions.stroke(drawing.points, drawing.object);
    if (kind === "erase") this.actions.erase([...keys], refused);
    this.picture.drawTop();
  }

  #cancel(event) {
    this.#fingers.delete(event.pointerId);
    if (this.#fingers.size < 2) this.#pinch = null;
    if (this.#drag?.id === event.pointerId) this.drop();
  }

  #hover(at) {
    this.picture.pointer = at;
    this.picture.drawTop();
  }

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

/** Where an event is on the canvas; coalesced events carry no offset, so the canvas's own place is taken off. */
function place(event) {
  const box = (event.currentTarget ?? event.target).getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

function spread(fingers) {
  const [[ax, ay], [bx, by]] = [...fingers.values()];
  return { distance: Math.max(1, Math.hypot(ax - bx, ay - by)), centre: [(ax + bx) / 2, (ay + by) / 2] };
}
