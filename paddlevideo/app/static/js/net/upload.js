// Sending videos and folders of pictures to the server, chunk by chunk.

import * as api from "./api.js";

/** Something to make a project of: a video, or pictures that are its frames. @typedef {{name: string, files: File[], film: boolean}} Batch */

const PICTURE = /\.(jpe?g|jpe|jfif|png|bmp|tiff?|webp)$/i;

/**
 * What files are: each video is one of its own, pictures of one folder are the frames of one.
 * @param {{file: File, folder: string}[]} given
 * @returns {Batch[]}
 */
export function batches(given) {
  /** @type {Map<string, File[]>} */
  const folders = new Map();
  /** @type {Batch[]} */
  const films = [];
  for (const { file, folder } of given) {
    if (PICTURE.test(file.name)) folders.set(folder, [...(folders.get(folder) ?? []), file]);
    else if (!file.name.startsWith(".")) films.push({ name: file.name, files: [file], film: true });
  }
  const pictures = [...folders].map(([folder, files]) => ({ name: folder || stem(files[0].name), files: sorted(files), film: false }));
  return [...films, ...pictures];
}

/**
 * Upload a video or a folder of pictures. Resolves to the new project's document.
 * @param {Batch} batch
 * @param {(share: number) => void} progress told how much is sent, 0..1
 * @param {AbortSignal} signal
 */
export async function upload({ name, files, film }, progress, signal) {
  const whole = new Blob(files); // nothing is read before it is sent
  const pictures = film ? undefined : files.map((each) => ({ name: each.name, bytes: each.size }));
  const { id, chunk_bytes: chunk } = await api.startUpload(name, whole.size, pictures);
  try {
    for (let offset = 0; offset < whole.size; ) {
      const { received } = await api.sendChunk(id, offset, whole.slice(offset, offset + chunk), signal);
      offset = received;
      progress(offset / whole.size);
    }
    return await api.finishUpload(id);
  } catch (error) {
    api.dropUpload(id).catch(() => {});
    throw error;
  }
}

/**
 * All files of a drop, those in folders as well, each with the path of its folder.
 * @param {DataTransfer | null} transfer
 * @returns {Promise<{file: File, folder: string}[]>}
 */
export async function dropped(transfer) {
  const entries = [...(transfer?.items ?? [])].map((each) => each.webkitGetAsEntry?.()).filter((each) => each !== null && each !== undefined);
  if (!entries.length) return [...(transfer?.files ?? [])].map((file) => ({ file, folder: "" }));
  return (await Promise.all(entries.map((each) => filesOf(each, "")))).flat();
}

/** @param {FileSystemEntry} entry @param {string} folder @returns {Promise<{file: File, folder: string}[]>} */
async function filesOf(entry, folder) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject));
    return [{ file, folder }];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  const found = [];
  for (;;) {
    /** @type {FileSystemEntry[]} */
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // a hundred at a time
    if (!some.length) return (await Promise.all(found.map((each) => filesOf(each, entry.name)))).flat();
    found.push(...some);
  }
}

/** @param {string} name */
const stem = (name) => name.replace(/\.\w+$/, "");

/** @param {File[]} files */
const sorted = (files) => files.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
