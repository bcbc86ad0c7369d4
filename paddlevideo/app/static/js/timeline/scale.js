// Frames to places on the timeline: how wide a frame is, and which part of the video is in sight.

import { clamp } from "../ui/dom.js";

const LEAST = 2; // px a frame at which a long video opens
const EDGE = 10; // px left free at both ends, for the handles

export class TimelineScale {
  offset = 0; // px scrolled
  /** @type {number | null} px a frame; null: as opened */
  #perFrame = null;

  /** @param {number} frames @param {number} most px a frame at the closest zoom */
  constructor(frames, most) {
    this.frames = frames;
    this.most = most;
    this.width = 1;
  }

  get least() {
    return Math.min((this.width - 2 * EDGE) / this.frames, this.most);
  }

  get perFrame() {
    return clamp(this.#perFrame ?? Math.max(LEAST, this.least), this.least, Math.max(this.most, this.least));
  }

  /** Px of the whole video. */
  get length() {
    return this.perFrame * this.frames + 2 * EDGE;
  }

  get scrolls() {
    return this.length > this.width + 1;
  }

  /** @param {number} width */
  resize(width) {
    this.width = Math.max(1, width);
    this.scrollTo(this.offset);
  }

  /** Left edge of a frame. @param {number} frame */
  x(frame) {
    return EDGE + frame * this.perFrame - this.offset;
  }

  /** @param {number} frame */
  centre(frame) {
    return this.x(frame + 0.5);
  }

  /** The frame at x, held inside the video. @param {number} x */
  frame(x) {
    return clamp(Math.floor((x + this.offset - EDGE) / this.perFrame), 0, this.frames - 1);
  }

  /** @param {number} offset */
  scrollTo(offset) {
    this.offset = clamp(offset, 0, Math.max(0, this.length - this.width));
  }

  /** @param {number} dx */
  scrollBy(dx) {
    this.scrollTo(this.offset + dx);
  }

  /** Zoom so that what is at x stays there. @param {number} factor */
  zoom(factor, x = this.width / 2) {
    const at = (x + this.offset - EDGE) / this.perFrame;
    this.#perFrame = clamp(this.perFrame * factor, this.least, Math.max(this.most, this.least));
    this.scrollTo(at * this.perFrame + EDGE - x);
  }

  /** Scroll so far that a frame is in sight. @param {number} frame */
  reveal(frame) {
    const margin = Math.min(80, this.width / 4);
    const x = this.centre(frame);
    if (x < margin) this.scrollBy(x - margin);
    else if (x > this.width - margin) this.scrollBy(x - this.width + margin);
  }
}
