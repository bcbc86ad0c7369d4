// In a notebook, in place of net/api.js: the kernel sends pictures, and the page's modules ask for them by address.

const KEPT = 32; // frames
const NONE = "data:,"; // no picture, and no request

/** @typedef {{frame: string, mask: string}} Sent addresses of a frame's picture and of its mask, "" without one */
/** @type {Map<string, Sent>} by project and frame, the oldest first */
const sent = new Map();

/** Keep what the kernel sent of a frame. @param {string} id @param {number} frame @param {DataView[]} pictures JPEG, and the mask as PNG */
export function keep(id, frame, [picture, mask]) {
  const key = `${id} ${frame}`;
  drop(key);
  sent.set(key, { frame: address(picture, "image/jpeg"), mask: mask ? address(mask, "image/png") : "" });
  if (sent.size > KEPT) drop([...sent.keys()][0]);
}

/** @type {(id: string, frame: number, width: number | null) => string} */
export const frameUrl = (id, frame) => sent.get(`${id} ${frame}`)?.frame ?? NONE;
/** @type {(id: string, frame: number, revision: number) => string} */
export const maskUrl = (id, frame) => sent.get(`${id} ${frame}`)?.mask ?? NONE;

/** @param {string} key */
function drop(key) {
  for (const each of Object.values(sent.get(key) ?? {})) if (each) URL.revokeObjectURL(each);
  sent.delete(key);
}

/** @param {DataView} bytes @param {string} type */
const address = (bytes, type) => URL.createObjectURL(new Blob([/** @type {DataView<ArrayBuffer>} */ (bytes)], { type }));
