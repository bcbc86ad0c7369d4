// The picture: frame and masks on one canvas, strokes and the brush on another above it.

import { frameUrl } from "../net/api.js";
import { BitmapCache, fetchBitmap } from "../net/bitmaps.js";
import { context2d, el, onceAFrame } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { Film } from "./film.js";
import { Overlays } from "./overlays.js";
import { cellOf, middle } from "./strokes.js";
import { View } from "./view.js";

const BUDGET = 240e6; // bytes of frames kept
const WIDEST = 1920; // wider frames are fetched at this width
const BACKGROUND = "#e8eaee"; // colour of background strokes
/** @type {(keyof EditorValues)[]} */
const RESULT = ["result", "look", "ground", "grow", "feather", "solo", "object"];
const PATIENCE = 250; // ms that a frame waits for its mask, so that both appear together

export class Picture {
  /** @type {number | null} the frame that the canvas has */
  shown = null;
  /** @type {Drawing | null} the stroke under the pointer */
  drawing = null;
  /** @type {Point | null} on the screen, null when away */
  pointer = null;
  #context;
  #topContext;
  /** @type {number | null} the frame whose strokes the upper canvas has */
  #topFrame = null;
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
    this.#topContext = context2d(this.top);
    this.draw = onceAFrame(() => this.#draw());
    this.drawTop = onceAFrame(() => this.#drawTop());
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
    store.subscribe(["frame", "playing", "opacity", "outline", "doc", "masks", "connected", ...RESULT], this.draw);
    store.subscribe(["doc", "pending", "erasing", "strokesShown", "tool", "object", "brush", "line", "hardness", "out", "result"], this.drawTop);
    new ResizeObserver(() => this.#resize()).observe(this.element);
  }

  /** Whether frame and masks of `frame` could be drawn now. @param {number} frame */
  ready(frame) {
    if (this.store.get("playing")) return this.film.ready(frame);
    return this.frames.fresh(frame) && this.overlays.cache.fresh(frame);
  }

  /** The frame that is on the screen, where it is the one to show; strokes are drawn on no other. */
  here() {
    const { shown } = this;
    return shown !== null && shown === this.store.get("frame") && this.#peek(shown) ? shown : null;
  }

  /** Fetch these frames when there is nothing more urgent. @param {number[]} frames */
  ahead(frames) {
    if (this.store.get("playing")) {
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

  /** Where masks come from: while it plays they are no larger than on the screen. */
  get #masks() {
    return this.store.get("playing") ? this.film.masks : this.overlays.cache;
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
    this.#draw(); // at once: a resized canvas is blank
    this.#drawTop();
  }

  /** @param {CanvasRenderingContext2D} context */
  #place(context) {
    const ratio = window.devicePixelRatio;
    const { scale, left, top } = this.view;
    context.setTransform(scale * ratio, 0, 0, scale * ratio, left * ratio, top * ratio);
  }

  #draw() {
    const frame = this.store.get("frame");
    const playing = this.store.get("playing");
    if (!playing) this.frames.get(frame); // at full size
    if (this.#peek(frame) && this.#maskReady(frame)) this.shown = frame;
    const at = this.shown;
    this.waits.hidden = this.here() !== null;
    if (!this.waits.hidden) this.waits.textContent = t("picture.waits", { frame: frame + 1 });
    const [context, { video }] = [this.#context, this.store.get("doc")];
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.fillStyle = "#0d0f12";
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.#place(context);
    context.imageSmoothingEnabled = this.view.scale < 3;
    context.imageSmoothingQuality = this.view.scale < 0.6 ? "medium" : "low"; // finer ones take too long without a GPU
    const picture = at === null ? null : this.#peek(at);
    if (picture) context.drawImage(picture, 0, 0, video.width, video.height);
    else {
      context.fillStyle = "#171a1f";
      context.fillRect(0, 0, video.width, video.height);
    }
    const overlay = at === null ? null : (this.#masks.get(at) ?? this.film.masks.peek(at));
    if (overlay) {
      context.globalAlpha = this.overlays.strength;
      context.drawImage(overlay, 0, 0, video.width, video.height);
      context.globalAlpha = 1;
    }
    if (this.#topFrame !== at) this.drawTop();
  }

  #drawTop() {
    const context = this.#topContext;
    this.#topFrame = this.shown;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.top.width, this.top.height);
    this.#place(context);
    context.lineCap = context.lineJoin = "round";
    if (this.store.get("result")) return;
    if (this.store.get("strokesShown")) this.#drawStrokes(context);
    if (this.drawing) {
      const { mask, box, points, object } = this.drawing;
      if (box) this.#frame(context, points, this.colorOf(object));
      const width = mask?.width ?? this.#width(this.radius());
      if (!box) this.#line(context, points, mask?.out ? BACKGROUND : this.colorOf(object), width, 0.9, !mask);
    }
    if (this.pointer) this.#drawBrush(context, this.pointer);
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

  /** @param {CanvasRenderingContext2D} context */
  #drawStrokes(context) {
    const { video, strokes, rounds } = this.store.get("doc");
    const frame = this.shown;
    const erasing = this.store.get("erasing");
    const past = new Set(rounds.filter((each) => each.propagated).map((each) => each.number));
    for (const stroke of [...strokes, ...this.store.get("pending")]) {
      if (stroke.frame !== frame) continue;
      const points = stroke.points.map(/** @returns {Point} */ ([x, y]) => [x * video.width, y * video.height]);
      const strength = erasing.has(stroke.key) ? 0.2 : stroke.round && past.has(stroke.round) ? 0.55 : 0.95;
      if (stroke.shape === "click") this.#pin(context, middle(points), stroke.object_id, strength);
      else this.#line(context, points, this.colorOf(stroke.object_id), this.#width(stroke.radius * video.width), strength);
    }
  }

  /** How wide a stroke is drawn: as wide as its brush, or as the cells in which the network sees it. @param {number} radius */
  #width(radius) {
    return Math.max(2 * radius, cellOf(this.store.get("doc").video) * 1.05);
  }

  /**
   * A click: a disc with a plus, or a minus where it is of the background, as large at every zoom.
   * @param {CanvasRenderingContext2D} context
   * @param {Point} at
   * @param {number} object
   * @param {number} strength
   */
  #pin(context, [x, y], object, strength) {
    const unit = 1 / this.view.scale;
    context.globalAlpha = strength;
    context.beginPath();
    context.arc(x, y, 7 * unit, 0, 2 * Math.PI);
    context.fillStyle = object ? this.colorOf(object) : "#ffffff";
    context.strokeStyle = "#0b0d10";
    context.lineWidth = 2 * unit;
    context.fill();
    context.stroke();
    context.beginPath();
    context.moveTo(x - 3.5 * unit, y);
    context.lineTo(x + 3.5 * unit, y);
    if (object) {
      context.moveTo(x, y - 3.5 * unit);
      context.lineTo(x, y + 3.5 * unit);
    }
    context.strokeStyle = object ? "#ffffff" : "#0b0d10";
    context.stroke();
    context.globalAlpha = 1;
  }

  /** A box that is being drawn. @param {CanvasRenderingContext2D} context @param {Point[]} corners @param {string} color */
  #frame(context, [[ax, ay], [bx, by]], color) {
    for (const [style, width] of /** @type {const} */ ([["#0b0d10", 4], [color, 2]])) {
      context.strokeStyle = style;
      context.lineWidth = width / this.view.scale;
      context.strokeRect(ax, ay, bx - ax, by - ay);
    }
  }

  /**
   * A line in `color` over a dark rim, which sets it off from the mask in the same colour.
   * @param {CanvasRenderingContext2D} context
   * @param {Point[]} points
   * @param {string} color
   * @param {number} width
   * @param {number} strength
   * @param {boolean} rim
   */
  #line(context, points, color, width, strength, rim = true) {
    const path = new Path2D();
    path.moveTo(...points[0]);
    if (points.length === 1) path.lineTo(points[0][0] + 0.01, points[0][1]);
    for (const point of points.slice(1)) path.lineTo(...point);
    context.globalAlpha = strength;
    context.strokeStyle = "#0b0d10";
    context.lineWidth = width + 2.5 / this.view.scale;
    if (rim) context.stroke(path);
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke(path);
    context.globalAlpha = 1;
  }

  /** @param {CanvasRenderingContext2D} context @param {Point} pointer */
  #drawBrush(context, pointer) {
    const tool = this.store.get("tool");
    if (tool === "pan" || tool === "box") return; // the box has the cursor's cross
    const [x, y] = this.view.toPicture(...pointer);
    const least = tool === "mask" ? 1.5 / this.view.scale : cellOf(this.store.get("doc").video) / 2;
    const radius = Math.max(this.radius(), least, tool === "mask" ? 0 : 3 / this.view.scale);
    const color = tool === "brush" || (tool === "mask" && !this.store.get("out")) ? this.colorOf(this.store.get("object")) : BACKGROUND;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.strokeStyle = "#0b0d10";
    context.lineWidth = 3.5 / this.view.scale;
    context.stroke();
    context.strokeStyle = color;
    context.lineWidth = 1.8 / this.view.scale;
    if (tool === "eraser") context.setLineDash([4 / this.view.scale, 3 / this.view.scale]);
    context.stroke();
    if (tool === "mask" && this.store.get("hardness") < 100) {
      context.setLineDash([3 / this.view.scale, 3 / this.view.scale]);
      context.beginPath(); // its core
      context.arc(x, y, (radius * this.store.get("hardness")) / 100, 0, 2 * Math.PI);
      context.stroke();
    }
    context.setLineDash([]);
  }
}
