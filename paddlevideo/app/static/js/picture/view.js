// Where the picture lies on the screen: fitted, zoomed, moved.

import { clamp } from "../ui/dom.js";

const MARGIN = 12; // px around a fitted picture
const MOST = 24; // screen pixels a picture pixel

export class View {
  scale = 1; // screen px a picture pixel
  left = 0;
  top = 0;
  fitted = true;

  /** @param {{width: number, height: number}} picture */
  constructor(picture) {
    this.picture = picture;
    this.box = { width: 1, height: 1 };
  }

  /** The room for the picture changed: a fitted picture stays fitted. @param {number} width @param {number} height */
  resize(width, height) {
    const [dx, dy] = [(width - this.box.width) / 2, (height - this.box.height) / 2];
    this.box = { width, height };
    if (this.fitted) this.fit();
    else this.move(dx, dy);
  }

  /** From the picture's pixels to those of a canvas, as `setTransform` takes it. @returns {[number, number, number, number, number, number]} */
  transform() {
    const ratio = window.devicePixelRatio;
    return [this.scale * ratio, 0, 0, this.scale * ratio, this.left * ratio, this.top * ratio];
  }

  fit() {
    this.scale = this.#fittedScale();
    this.left = (this.box.width - this.picture.width * this.scale) / 2;
    this.top = (this.box.height - this.picture.height * this.scale) / 2;
    this.fitted = true;
  }

  /** Zoom by `factor` so that the screen point (x, y) stays where it is. @param {number} factor */
  zoom(factor, x = this.box.width / 2, y = this.box.height / 2) {
    const least = this.#fittedScale();
    const scale = clamp(this.scale * factor, least, Math.max(MOST, least));
    if (scale <= least * 1.001) {
      this.fit();
      return;
    }
    const ratio = scale / this.scale;
    this.left = x - (x - this.left) * ratio;
    this.top = y - (y - this.top) * ratio;
    this.scale = scale;
    this.fitted = false;
    this.#hold();
  }

  /** @param {number} dx @param {number} dy */
  move(dx, dy) {
    if (this.fitted) return;
    this.left += dx;
    this.top += dy;
    this.#hold();
  }

  /** Screen point to picture pixels. @param {number} x @param {number} y @returns {Point} */
  toPicture(x, y) {
    return [(x - this.left) / this.scale, (y - this.top) / this.scale];
  }

  #fittedScale() {
    const [width, height] = [this.box.width - 2 * MARGIN, this.box.height - 2 * MARGIN];
    return Math.max(0.01, Math.min(width / this.picture.width, height / this.picture.height));
  }

  /** Keep a part of the picture in sight. */
  #hold() {
    const [width, height] = [this.picture.width * this.scale, this.picture.height * this.scale];
    const keep = 60;
    this.left = clamp(this.left, keep - width, this.box.width - keep);
    this.top = clamp(this.top, keep - height, this.box.height - keep);
  }
}
