// What lies over the picture: strokes, clicks, the line under the pointer, and the brush.

import { context2d } from "../ui/dom.js";
import { cellOf, middle } from "./strokes.js";

export const BACKGROUND = "#e8eaee"; // colour of background strokes

export class StrokeCanvas {
  /** @type {number | null} the frame whose strokes it has */
  frame = null;
  #context;

  /** @param {import("./picture.js").Picture} picture @param {HTMLCanvasElement} canvas */
  constructor(picture, canvas) {
    this.picture = picture;
    this.store = picture.store;
    this.#context = context2d(canvas);
  }

  /** Draw what belongs to the frame on the screen. */
  draw() {
    const context = this.#context;
    this.frame = this.picture.shown;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    context.setTransform(...this.picture.view.transform());
    context.lineCap = context.lineJoin = "round";
    if (this.store.get("result")) return;
    if (this.store.get("strokesShown")) this.#drawStrokes(context);
    const { drawing, pointer } = this.picture;
    if (drawing) this.#drawDrawing(context, drawing);
    if (pointer) this.#drawBrush(context, pointer);
  }

  /** @param {CanvasRenderingContext2D} context */
  #drawStrokes(context) {
    const { video, strokes, rounds } = this.store.get("doc");
    const erasing = this.store.get("erasing");
    const past = new Set(rounds.filter((each) => each.propagated).map((each) => each.number));
    for (const stroke of [...strokes, ...this.store.get("pending")]) {
      if (stroke.frame !== this.frame) continue;
      const points = stroke.points.map(/** @returns {Point} */ ([x, y]) => [x * video.width, y * video.height]);
      const strength = erasing.has(stroke.key) ? 0.2 : stroke.round && past.has(stroke.round) ? 0.55 : 0.95;
      if (stroke.shape === "click") this.#pin(context, middle(points), stroke.object_id, strength);
      else this.#line(context, points, this.picture.colorOf(stroke.object_id), this.#width(stroke.radius * video.width), strength);
    }
  }

  /** The stroke or box under the pointer. @param {CanvasRenderingContext2D} context @param {Drawing} drawing */
  #drawDrawing(context, { mask, box, points, object }) {
    const color = this.picture.colorOf(object);
    if (box) this.#frame(context, points, color);
    else this.#line(context, points, mask?.out ? BACKGROUND : color, mask?.width ?? this.#width(this.picture.radius()), 0.9, !mask);
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
    const unit = 1 / this.picture.view.scale;
    context.globalAlpha = strength;
    context.beginPath();
    context.arc(x, y, 7 * unit, 0, 2 * Math.PI);
    context.fillStyle = object ? this.picture.colorOf(object) : "#ffffff";
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
      context.lineWidth = width / this.picture.view.scale;
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
    context.lineWidth = width + 2.5 / this.picture.view.scale;
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
    const [x, y] = this.picture.view.toPicture(...pointer);
    const least = tool === "mask" ? 1.5 / this.picture.view.scale : cellOf(this.store.get("doc").video) / 2;
    const radius = Math.max(this.picture.radius(), least, tool === "mask" ? 0 : 3 / this.picture.view.scale);
    const color = tool === "brush" || (tool === "mask" && !this.store.get("out")) ? this.picture.colorOf(this.store.get("object")) : BACKGROUND;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.strokeStyle = "#0b0d10";
    context.lineWidth = 3.5 / this.picture.view.scale;
    context.stroke();
    context.strokeStyle = color;
    context.lineWidth = 1.8 / this.picture.view.scale;
    if (tool === "eraser") context.setLineDash([4 / this.picture.view.scale, 3 / this.picture.view.scale]);
    context.stroke();
    if (tool === "mask" && this.store.get("hardness") < 100) {
      context.setLineDash([3 / this.picture.view.scale, 3 / this.picture.view.scale]);
      context.beginPath(); // its core
      context.arc(x, y, (radius * this.store.get("hardness")) / 100, 0, 2 * Math.PI);
      context.stroke();
    }
    context.setLineDash([]);
  }
}
