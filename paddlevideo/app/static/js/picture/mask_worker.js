// Off the main thread: masks of ids become pictures to lay over the frame.

import { paint } from "./mask_paint.js";

/** @typedef {import("./mask_paint.js").Mask} Mask */

/** @type {OffscreenCanvasRenderingContext2D | null} */
let context = null;
/** @type {{name: string, mask: Mask} | null} the mask that was read last: a slider asks for the same again and again */
let last = null;

/** @param {MessageEvent<MaskOrder>} event */
self.onmessage = async ({ data }) => {
  const { ticket, style, size } = data;
  try {
    const mask = await maskOf(data);
    const bitmap = await createImageBitmap(paint(mask, style, mask.width / size[0]));
    self.postMessage({ ticket, bitmap }, { transfer: [bitmap] });
  } catch (error) {
    self.postMessage({ ticket, error: String(error) });
  }
};

/** @param {MaskOrder} order @returns {Promise<Mask>} */
async function maskOf({ url, blob, size, width: smaller }) {
  if (url === null) {
    const [width, height] = smaller ? [smaller, Math.round((size[1] * smaller) / size[0])] : size;
    return { width, height, ids: new Uint8Array(width * height) };
  }
  const name = `${url} ${smaller}`;
  if (last?.name !== name) last = { name, mask: await readIds(blob ?? (await download(url)), smaller) };
  return last.mask;
}

/** @param {string} url */
async function download(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.blob();
}

/** Decode a grey PNG exactly, or every so manieth pixel of it. @param {Blob} blob @param {number | null} smaller @returns {Promise<Mask>} */
async function readIds(blob, smaller) {
  /** @type {ImageBitmapOptions} */
  const size = smaller ? { resizeWidth: smaller, resizeQuality: "pixelated" } : {};
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none", ...size });
  const { width, height } = bitmap;
  if (context?.canvas.width !== width || context.canvas.height !== height)
    context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("the browser draws on no canvas");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const { data } = context.getImageData(0, 0, width, height);
  const ids = new Uint8Array(width * height);
  for (let i = 0; i < ids.length; i += 1) ids[i] = data[4 * i]; // its red
  return { width, height, ids };
}
