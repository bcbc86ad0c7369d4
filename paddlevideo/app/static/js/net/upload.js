// Sending a video to the server, chunk by chunk.

import * as api from "./api.js";

/**
 * Upload a file. Resolves to the new project's document.
 * @param {File} file
 * @param {(share: number) => void} progress told how much is sent, 0..1
 * @param {AbortSignal} signal
 */
export async function upload(file, progress, signal) {
  const { id, chunk_bytes: chunk } = await api.startUpload(file.name, file.size);
  try {
    for (let offset = 0; offset < file.size; ) {
      const { received } = await api.sendChunk(id, offset, file.slice(offset, offset + chunk), signal);
      offset = received;
      progress(offset / file.size);
    }
    return await api.finishUpload(id);
  } catch (error) {
    api.dropUpload(id).catch(() => {});
    throw error;
  }
}
