// The picture: frame and masks on one canvas, strokes and the brush on another above it.

import { frameUrl } from "../net/api.js";
import { BitmapCache, fetchBitmap } from "../net/bitmaps.js";
import { context2d, el, onceAFrame } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { Film } from "./film.js";
import { Overlays } from "./overlays.js";
import { BACKGROUND, StrokeCanvas } from "./stroke_canvas.js";
import { cellOf } from "./strokes.js";
import { View } from "./view.js";

const BUDGET = 240e6; // bytes of frames kept
const WIDEST = 1920; // wider frames are fetched at this width
/** @type {(keyof EditorValues)[]} */
const RESULT = ["result", "look", "ground", "grow", "feather", "solo", "object"];
const PATIENCE = 250; // ms that a frame waits for its mask, so that both appear together

/** @typedef {(VideoFrame | ImageBitmap | number | null)[]} Drawn picture, masks, and how they are laid */

export class Picture {
  /** @type {number | null} the frame that the canvas has */
  shown = null;
  /** @type {Drawing | null} the stroke under the pointer */
  drawing = null;
  /** @type {Point | null} on the screen, null when away */
  pointer = null;
  #context;
  #strokes;
  /** @type {Drawn} what the canvas has */
  #drawn = [];
  #asked = { frame: -1, at: 0 }; // the frame to show, and since when

  /** @param {EditorStore} store */
  constructor(store) {
    this.store = store;
    const { video } = store.get("doc");
    this.view = new View(video);
    this.canvas = el("canvas", { class: "picture-canvas" });
    this.top = el("canvas", { class: "picture-top", tabindex: "0", role: "img", "aria-label": t("picture.label") });
    this.waits = el("p", { class: "picture-wait", hidden: true });
    this.element = el("section", { class: "picture", "aria-label": t("picture.label") }, this.canvas, this.top, this.waits);
    this.#context = context2d(this.canvas, { alpha: false });
    this.#strokes = new StrokeCanvas(this, this.top);
    this.draw = onceAFrame(() => this.#draw());
    this.drawTop = onceAFrame(() => this.#strokes.draw());
    this.frames = new BitmapCache({
      load: (frame) => this.#load(frame),
      ready: (frame) => {
        if (frame === store.get("frame")) this.draw();
      },
      budget: BUDGET,
      lanes: 2,
    });
    this.overlays = new Overlays(store, (frame) => {
      if (frame === this.shown || frame === store.get("frame")) this.draw();
    });
    this.film = new Film(store, this.overlays, this.draw);
    store.subscribe(["frame", "playing", "following", "jobs", "opacity", "outline", "doc", "masks", "connected", ...RESULT], this.draw);
    store.subscribe(["doc", "pending", "erasing", "strokesShown", "tool", "object", "brush", "line", "hardness", "out", "result"], this.drawTop);
    new ResizeObserver(() => this.#resize()).observe(this.element);
  }

  /** Whether frame and masks of `frame` could be drawn now. @param {number} frame */
  ready(frame) {
    if (this.film.runs) return this.film.ready(frame);
    return this.frames.fresh(frame) && this.overlays.cache.fresh(frame);
  }

  /** The frame that is on the screen, where it is the one to show; strokes are drawn on no other. */
  here() {
    const { shown } = this;
    return shown !== null && shown === this.store.get("frame") && this.#peek(shown) ? shown : null;
  }

  /** Fetch these frames when there is nothing more urgent. @param {number[]} frames */
  ahead(frames) {
    if (this.film.runs) {
      this.film.ahead(frames);
      return;
    }
    this.frames.ahead(frames);
    this.overlays.cache.ahead(frames);
  }

  viewChanged() {
    this.store.set({ scale: this.view.scale });
    this.draw();
    this.drawTop();
  }

  /** Radius of the brush in the video's pixels; the eraser is wider, to be hit with. */
  radius() {
    const { video } = this.store.get("doc");
    if (this.store.get("tool") === "mask") return this.store.get("line") / 2;
    const radius = (this.store.get("brush") * video.width) / 2;
    return this.store.get("tool") === "eraser" ? Math.max(radius, 2 * cellOf(video)) : radius;
  }

  /** @param {number} object */
  colorOf(object) {
    return this.store.get("doc").objects.find((each) => each.id === object)?.color ?? BACKGROUND;
  }

  close() {
    this.frames.clear();
    this.film.close();
    this.overlays.close();
  }

  /** The frame's picture that is there, the one at full size first. @param {number} frame */
  #peek(frame) {
    return this.frames.peek(frame) ?? this.film.peek(frame);
  }

  /** Where masks come from: while it runs they are no larger than on the screen. */
  get #masks() {
    return this.film.runs ? this.film.masks : this.overlays.cache;
  }

  /** @param {number} frame */
  #load(frame) {
    const { id, video } = this.store.get("doc");
    return fetchBitmap(frameUrl(id, frame, video.width > WIDEST ? WIDEST : null));
  }

  #resize() {
    const { clientWidth: width, clientHeight: height } = this.element;
    const ratio = window.devicePixelRatio;
    for (const canvas of [this.canvas, this.top]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.view.resize(width, height);
    this.store.set({ scale: this.view.scale });
    this.#drawn = []; // a resized canvas is blank
    this.#draw(); // at once
    this.#strokes.draw();
  }

  #draw() {
    const frame = this.store.get("frame");
    if (!this.film.runs) this.frames.get(frame); // at full size
    else if (!this.store.get("playing")) this.film.pictures.get(frame);
    if (this.#peek(frame) && this.#maskReady(frame)) this.shown = frame;
    const at = this.shown;
    this.waits.hidden = this.here() !== null;
    if (!this.waits.hidden) this.waits.textContent = t("picture.waits", { frame: frame + 1 });
    const picture = at === null ? null : this.#peek(at);
    const overlay = at === null ? null : (this.#masks.get(at) ?? this.film.masks.peek(at));
    if (this.#strokes.frame !== at) this.drawTop();
    if (this.#changed([picture, overlay, this.overlays.strength, ...this.view.transform()]))
      this.#lay(picture, overlay);
  }

  /** Whether what is to be drawn is not what the canvas has. @param {Drawn} drawn */
  #changed(drawn) {
    const changed = drawn.some((each, i) => each !== this.#drawn[i]);
    this.#drawn = drawn;
    return changed;
  }

  /** Draw a frame and its masks. @param {VideoFrame | ImageBitmap | null} picture @param {ImageBitmap | null} overlay */
  #lay(picture, overlay) {
    const [context, { video }] = [this.#context, this.store.get("doc")];
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#0d0f12";
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    context.setTransform(...this.view.transform());
    context.imageSmoothingEnabled = this.view.scale < 3;
    context.imageSmoothingQuality = this.view.scale < 0.6 ? "medium" : "low"; // finer ones take too long without a GPU
    if (picture) context.drawImage(picture, 0, 0, video.width, video.height);
    else {
      context.fillStyle = "#171a1f";
      context.fillRect(0, 0, video.width, video.height);
    }
    if (overlay) {
      context.globalAlpha = this.overlays.strength;
      context.drawImage(overlay, 0, 0, video.width, video.height);
      context.globalAlpha = 1;
    }
  }

  /** Whether the frame's mask is there, or was waited for long enough. @param {number} frame */
  #maskReady(frame) {
    if (this.#asked.frame !== frame) {
      this.#asked = { frame, at: performance.now() };
      setTimeout(this.draw, PATIENCE + 10);
    }
    this.#masks.get(frame);
    return this.#masks.fresh(frame) || frame === this.shown || performance.now() - this.#asked.at > PATIENCE;
  }
}
