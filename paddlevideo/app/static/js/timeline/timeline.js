// The timeline: only what is in sight is drawn, and thumbnails are fetched for it alone.

import { thumbUrl } from "../net/api.js";
import { nameOf } from "../editor/objects.js";
import { BitmapCache, fetchBitmap } from "../net/bitmaps.js";
import { clamp, context2d, el, onceAFrame } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { ROWS, drawChanges, drawLanes, drawMarks, drawOverview, drawPlayhead, drawSpan, drawThumbs, heightOf } from "./paint.js";
import { TimelineScale } from "./scale.js";

const THUMB_BUDGET = 24e6;
/** @type {[number, number]} px; those of wider and narrower clips show their middle */
const THUMB_WIDTHS = [40, 110];
/** @type {Record<string, string>} */
const LANE_WORDS = { p: "current", s: "stale", h: "byHand" };

export class Timeline {
  /** @param {EditorStore} store */
  constructor(store) {
    this.store = store;
    const { id, video } = store.get("doc");
    this.thumbWidth = clamp(Math.round((ROWS.thumbsHeight * video.width) / video.height), ...THUMB_WIDTHS);
    this.scale = new TimelineScale(video.frames, this.thumbWidth);
    this.canvas = el("canvas", {
      class: "timeline-canvas",
      tabindex: "0",
      role: "slider",
      "aria-label": t("timeline.label"),
      "aria-valuemin": "1",
      "aria-valuemax": String(video.frames),
    });
    this.element = el("div", { class: "timeline" }, this.canvas);
    this.context = context2d(this.canvas, { alpha: false });
    this.draw = onceAFrame(() => this.#draw());
    this.thumbs = new BitmapCache({
      load: (frame) => fetchBitmap(thumbUrl(id, frame), "low"),
      ready: () => this.draw(),
      budget: THUMB_BUDGET,
      lanes: 1,
    });
    store.subscribe(["doc", "masks", "span"], this.draw);
    store.subscribe(["frame"], () => this.#frameChanged());
    store.subscribe(["doc", "masks"], () => this.#say());
    new ResizeObserver(() => this.#resize()).observe(this.element);
    this.#frameChanged();
  }

  close() {
    this.thumbs.clear();
  }

  /** Show more or less of the video, around the frame that is shown. @param {number} factor */
  zoom(factor) {
    const frame = this.store.get("frame");
    this.scale.zoom(factor, this.scale.centre(frame));
    this.scale.reveal(frame);
    this.draw();
  }

  #frameChanged() {
    this.scale.reveal(this.store.get("frame"));
    this.#say();
    this.draw();
  }

  /** What the canvas shows of the frame, in words. */
  #say() {
    const { doc, frame } = this.store.values;
    const states = doc.objects.map((each) => t(`timeline.${LANE_WORDS[doc.lanes[each.id]?.[frame]] ?? "none"}`, { name: nameOf(each) }));
    const text = [t("timeline.value", { frame: frame + 1, frames: doc.video.frames }), ...states].join(", ");
    this.canvas.setAttribute("aria-valuenow", String(frame + 1));
    this.canvas.setAttribute("aria-valuetext", text);
  }

  #resize() {
    this.scale.resize(this.element.clientWidth);
    this.scale.reveal(this.store.get("frame"));
    this.#draw(); // at once, lest the old picture be stretched
  }

  /** @param {number} width @param {number} height @param {number} shown height on the page */
  #fit(width, height, shown) {
    if (this.canvas.width === width && this.canvas.height === height) return;
    Object.assign(this.canvas, { width, height });
    this.canvas.style.height = `${shown}px`;
  }

  #draw() {
    const { context, scale, store } = this;
    const ratio = window.devicePixelRatio;
    const doc = store.get("doc");
    const objects = doc.objects.length;
    const height = heightOf(scale, objects);
    this.#fit(Math.round(scale.width * ratio), Math.round(height * ratio), height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.fillStyle = "#16191e";
    context.fillRect(0, 0, scale.width, height);
    drawThumbs(context, scale, this.thumbs, this.thumbWidth, doc.video.frames);
    drawChanges(context, scale, doc.frames);
    drawLanes(context, scale, doc);
    drawMarks(context, scale, doc);
    drawSpan(context, scale, store.get("span"), objects);
    if (scale.scrolls) drawOverview(context, scale, doc, store.get("frame"));
    drawPlayhead(context, scale, store.get("frame"), doc.video.rate, objects);
  }
}
