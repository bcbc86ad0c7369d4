// What is shown while the picture runs: frames and masks no larger than on the screen, made ahead.

import { frameUrl } from "../net/api.js";
import { BitmapCache, fetchBitmap } from "../net/bitmaps.js";
import { FilmDecoder } from "../net/decoder.js";

const BUDGET = 160e6; // bytes of frames kept
const WIDTHS = [480, 640, 960, 1280, 1920]; // px that pictures are fetched at

export class Film {
  /** @param {EditorStore} store @param {import("./overlays.js").Overlays} overlays @param {() => void} ready */
  constructor(store, overlays, ready) {
    const { id, video } = store.get("doc");
    this.store = store;
    this.decoder = new FilmDecoder(id, video.frames, ready);
    this.masks = overlays.scaled(() => this.width);
    this.pictures = new BitmapCache({
      load: (frame) => fetchBitmap(frameUrl(id, frame, this.width)),
      version: () => this.width ?? 0,
      ready,
      budget: BUDGET,
      lanes: 2,
    });
    // The frame at which it stops stays until its picture at full size is there.
    store.subscribe(["playing"], () => store.get("playing") || this.decoder.stop(store.get("frame")));
  }

  /** Whether the picture runs: it plays, or goes along with a propagation of a video larger than the screen. */
  get runs() {
    const { playing, following, jobs } = this.store.values;
    return playing || (following && !jobs.propagate?.paused && this.width !== null);
  }

  /** Pixels of the screen that the picture is wide, rounded up; null where the video has no more. */
  get width() {
    const { width } = this.store.get("doc").video;
    const shown = this.store.get("scale") * window.devicePixelRatio * width;
    const enough = WIDTHS.find((each) => each >= shown) ?? WIDTHS[WIDTHS.length - 1];
    return enough < width ? enough : null;
  }

  /** Whether frame and masks of `frame` could be drawn now. @param {number} frame */
  ready(frame) {
    return Boolean(this.peek(frame)) && this.masks.fresh(frame);
  }

  /** The picture of `frame` if it is there. @param {number} frame @returns {VideoFrame | ImageBitmap | null} */
  peek(frame) {
    return this.decoder.peek(frame) ?? this.pictures.peek(frame);
  }

  /** Make these frames, the next one to be shown first. @param {number[]} frames */
  ahead(frames) {
    this.masks.ahead(frames);
    if (!frames.length) return;
    if (this.decoder.usable && this.store.get("playing")) this.decoder.want(frames[0], frames[frames.length - 1]);
    else this.pictures.ahead(frames);
  }

  close() {
    this.decoder.stop();
    this.pictures.clear();
    this.masks.clear();
  }
}
