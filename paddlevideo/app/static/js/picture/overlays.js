// The masks' coloured pictures: made in a worker, for the frames that are shown.

import { shownObjects } from "../editor/store.js";
import { maskUrl } from "../net/api.js";
import { BitmapCache } from "../net/bitmaps.js";

const BUDGET = 160e6; // bytes of bitmaps
const KEPT_MASKS = 64; // masks that came with an answer, until their frame is asked for

export class Overlays {
  #worker = new Worker(new URL("./mask_worker.js", import.meta.url), { type: "module" });
  /** @type {Map<number, {resolve: (bitmap: ImageBitmap) => void, reject: (error: Error) => void}>} by their ticket */
  #waiting = new Map();
  #tickets = 0;
  /** @type {Map<number, {revision: number, blob: Blob}>} by frame */
  #given = new Map();
  #styled = ""; // the style as a version has it
  /** @type {MaskStyle | null} null: no masks are shown */
  #style = null;

  /** @param {EditorStore} store @param {(frame: number) => void} ready */
  constructor(store, ready) {
    this.store = store;
    this.cache = new BitmapCache({
      load: (frame) => this.#paint(frame, null),
      version: (frame) => this.#version(frame),
      ready,
      budget: BUDGET,
      lanes: 1,
    });
    this.ready = ready;
    this.#worker.onmessage = ({ data }) => this.#finish(data);
    store.subscribe(["doc", "outline", "object", "solo", "result", "look", "ground", "grow", "feather"], () => this.#restyle());
    this.#restyle();
  }

  /** Another cache, of masks that are so many pixels wide; null: as wide as the video. @param {() => number | null} width */
  scaled(width) {
    return new BitmapCache({
      load: (frame) => this.#paint(frame, width()),
      version: (frame) => this.#version(frame) && `${this.#version(frame)} ${width()}`,
      ready: this.ready,
      budget: BUDGET,
      lanes: 2,
    });
  }

  /** Keep a mask that came with an answer, as a data URL, so that it need not be fetched. @param {number} frame @param {number} revision @param {string} dataUrl */
  give(frame, revision, dataUrl) {
    const bytes = Uint8Array.from(atob(dataUrl.slice(dataUrl.indexOf(",") + 1)), (each) => each.charCodeAt(0));
    this.#given.set(frame, { revision, blob: new Blob([bytes], { type: "image/png" }) });
    const [oldest] = this.#given.keys();
    if (this.#given.size > KEPT_MASKS) this.#given.delete(oldest);
  }

  close() {
    this.cache.clear();
    this.#worker.terminate();
  }

  /** How strongly the masks' pictures are laid over the frame. */
  get strength() {
    return this.#style?.look === "mask" ? this.store.get("opacity") : 1;
  }

  /** @param {number} frame */
  #version(frame) {
    const revision = this.store.get("doc").frames.masks[frame];
    // What hides the surroundings does so where there is no mask, too.
    const shown = this.#style && (revision || ["cutout", "matte"].includes(this.#style.look));
    return shown ? `${revision} ${this.#styled}` : null;
  }

  #restyle() {
    const { result, look, ground, grow, feather, outline } = this.store.values;
    const shown = shownObjects(this.store);
    const colors = new Uint32Array(256);
    for (const { id, color } of shown) colors[id] = littleEndian(color);
    if (!result) this.#style = { look: outline ? "outline" : "mask", ground, edge: { grow: 0, feather: 0 }, colors };
    else this.#style = look === "original" ? null : { look, ground, edge: { grow, feather }, colors };
    const { colors: _, ...rest } = this.#style ?? { colors };
    this.#styled = JSON.stringify([rest, shown.map((each) => each.id + each.color)]);
  }

  /** @param {number} frame @param {number | null} width @returns {Promise<ImageBitmap>} */
  #paint(frame, width) {
    const { id, frames, video } = this.store.get("doc");
    const revision = frames.masks[frame];
    const given = this.#given.get(frame);
    const ticket = (this.#tickets += 1);
    const style = this.#style;
    return new Promise((resolve, reject) => {
      if (!style) throw new Error("no masks are shown");
      this.#waiting.set(ticket, { resolve, reject });
      /** @type {MaskOrder} */
      const order = {
        ticket,
        url: revision ? new URL(maskUrl(id, frame, revision), document.baseURI).href : null,
        blob: given?.revision === revision ? given.blob : null,
        size: [video.width, video.height],
        style,
        width,
      };
      this.#worker.postMessage(order);
    });
  }

  /** @param {MaskPainted} painted */
  #finish({ ticket, bitmap, error }) {
    const waiting = this.#waiting.get(ticket);
    this.#waiting.delete(ticket);
    if (bitmap) waiting?.resolve(bitmap);
    else waiting?.reject(new Error(error));
  }
}

/** "#rrggbb" as an opaque pixel of RGBA bytes read as one number. @param {string} color */
function littleEndian(color) {
  const value = parseInt(color.slice(1), 16);
  return (0xff000000 | ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}
