// Masks of ids as pictures to lay over the frame: coloured areas, outlines, what hides all but the objects, mattes.

import { edged } from "./edges.js";

/** @typedef {{width: number, height: number, ids: Uint8Array}} Mask */

const CHECKS = [0xff8c847c, 0xff655d56]; // little-endian RGBA
const CHECKS_DOWN = 36; // squares in the picture's height

/**
 * @param {Mask} mask
 * @param {MaskStyle} style
 * @param {number} scale pixels of the mask to one of the video, in which edges count
 * @returns {ImageData}
 */
export function paint({ width, height, ids }, { look, ground, edge, colors }, scale) {
  const picture = new ImageData(width, height);
  const out = new Uint32Array(picture.data.buffer);
  if (look === "mask" && !edge.grow && !edge.feather) {
    for (let i = 0; i < out.length; i += 1) out[i] = colors[ids[i]];
    return picture;
  }
  const shown = new Uint8Array(ids.length);
  for (let i = 0; i < ids.length; i += 1) shown[i] = colors[ids[i]] ? ids[i] : 0;
  const feather = look === "outline" ? 0 : edge.feather * scale;
  const { ids: objects, alpha } = edged(shown, width, height, { grow: edge.grow * scale, feather });
  if (look === "outline") outline(out, objects, width, height, colors);
  else if (look === "cutout") surroundings(out, alpha, width, height, ground);
  else if (look === "matte") for (let i = 0; i < out.length; i += 1) out[i] = 0xff000000 | (alpha[i] * 0x010101);
  else for (let i = 0; i < out.length; i += 1) out[i] = (colors[objects[i]] & 0xffffff) | (alpha[i] << 24);
  return picture;
}

/**
 * Cover all but the objects: what is left of the frame is cut out.
 * @type {(out: Uint32Array, alpha: Uint8Array, width: number, height: number, ground: Ground) => void}
 */
function surroundings(out, alpha, width, height, ground) {
  const side = Math.max(4, Math.round(height / CHECKS_DOWN));
  const plain = ground === "white" ? 0xffffff : 0;
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      const color = ground === "checker" ? CHECKS[(Math.floor(x / side) + Math.floor(y / side)) % 2] & 0xffffff : plain;
      out[i] = color | ((255 - alpha[i]) << 24);
    }
  }
}

/**
 * Lines inside the objects' borders, about a 300th of the picture's height wide.
 * @type {(out: Uint32Array, ids: Uint8Array, width: number, height: number, colors: Uint32Array) => void}
 */
function outline(out, ids, width, height, colors) {
  const reach = Math.max(1, Math.round(height / 300));
  for (let y = 0; y < height; y += 1) {
    const [up, down] = [Math.max(0, y - reach), Math.min(height - 1, y + reach)];
    for (let x = 0; x < width; x += 1) {
      const id = ids[y * width + x];
      if (!id) continue;
      const [left, right] = [Math.max(0, x - reach), Math.min(width - 1, x + reach)];
      const inside =
        ids[y * width + left] === id && ids[y * width + right] === id && ids[up * width + x] === id && ids[down * width + x] === id;
      if (!inside) out[y * width + x] = colors[id];
    }
  }
}
