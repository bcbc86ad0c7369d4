// Off the main thread: masks of ids become pictures in the objects' colours.

/** @typedef {{width: number, height: number, pixels: Uint8ClampedArray}} Ids RGBA bytes whose red is the id */

/** @type {OffscreenCanvasRenderingContext2D | null} */
let context = null;

/** @param {MessageEvent<MaskOrder>} event */
self.onmessage = async ({ data }) => {
  const { ticket, url, blob, colors, outline } = data;
  try {
    const ids = await readIds(blob ?? (await download(url)));
    const bitmap = await (outline ? paintOutline(ids, colors) : paintAreas(ids, colors));
    self.postMessage({ ticket, bitmap }, { transfer: [bitmap] });
  } catch (error) {
    self.postMessage({ ticket, error: String(error) });
  }
};

/** @param {string} url */
async function download(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return answer.blob();
}

/** Decode a grey PNG exactly. @param {Blob} blob @returns {Promise<Ids>} */
async function readIds(blob) {
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
  const { width, height } = bitmap;
  if (context?.canvas.width !== width || context.canvas.height !== height)
    context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("the browser draws on no canvas");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  return { width, height, pixels: context.getImageData(0, 0, width, height).data };
}

/** @param {Ids} ids @param {Uint32Array} colors 256 colours, little-endian RGBA; 0 is clear */
function paintAreas({ width, height, pixels }, colors) {
  const picture = new ImageData(width, height);
  const out = new Uint32Array(picture.data.buffer);
  for (let i = 0; i < out.length; i += 1) out[i] = colors[pixels[4 * i]];
  return createImageBitmap(picture);
}

/** Lines inside the objects' borders, about a 300th of the picture's height wide. @param {Ids} ids @param {Uint32Array} colors */
function paintOutline({ width, height, pixels }, colors) {
  const reach = Math.max(1, Math.round(height / 300));
  const picture = new ImageData(width, height);
  const out = new Uint32Array(picture.data.buffer);
  /** @param {number} x @param {number} y */
  const at = (x, y) => pixels[4 * (y * width + x)];
  for (let y = 0; y < height; y += 1) {
    const [up, down] = [Math.max(0, y - reach), Math.min(height - 1, y + reach)];
    for (let x = 0; x < width; x += 1) {
      const id = at(x, y);
      if (!colors[id]) continue;
      const [left, right] = [Math.max(0, x - reach), Math.min(width - 1, x + reach)];
      const inside = at(left, y) === id && at(right, y) === id && at(x, up) === id && at(x, down) === id;
      if (!inside) out[y * width + x] = colors[id];
    }
  }
  return createImageBitmap(picture);
}
