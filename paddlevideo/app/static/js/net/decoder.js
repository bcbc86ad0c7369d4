// Frames of a film by the browser's own decoder, from the packets as they are stored: each says which frame it is.

import { filmUrl, getFilm } from "./api.js";

const HELD = 10; // frames kept decoded: a decoder has no more of them than a dozen
const HEADER = 12; // bytes before each packet

export class FilmDecoder {
  /** Whether frames come this way; what cannot be decoded here is fetched as pictures. */
  usable = true;
  /** @type {ReturnType<typeof getFilm> | null} */
  #facts = null;
  /** @type {Map<number, VideoFrame>} */
  #held = new Map();
  /** @type {{frame: number, key: boolean, bytes: Uint8Array}[]} in the order to decode in */
  #packets = [];
  /** @type {VideoDecoder | null} */
  #decoder = null;
  #wanted = { from: 0, to: -1 };
  #fed = -1; // the last frame whose packet was fetched, in the order they are shown
  #run = 0; // of the decoder: what was asked for before it began anew is dropped
  #fetching = false;
  #flushed = false;

  /** @param {string} id @param {number} frames of the film @param {() => void} ready called when a frame has come */
  constructor(id, frames, ready) {
    this.id = id;
    this.frames = frames;
    this.ready = ready;
    if (typeof VideoDecoder === "undefined") this.usable = false; // it needs HTTPS, or this very machine
  }

  /** @param {number} frame */
  peek(frame) {
    return this.#held.get(frame) ?? null;
  }

  /** Decode these frames, the first of which is the next one to be shown. @param {number} from @param {number} to */
  async want(from, to) {
    if (!this.usable) return;
    const goesOn = from >= this.#wanted.from && from <= this.#wanted.to + 1 && this.#decoder;
    this.#wanted = { from, to };
    for (const [frame, picture] of this.#held) if (frame < from - 1) this.#drop(frame, picture);
    if (!goesOn) await this.#begin(from);
    this.#feed();
  }

  /** Begin anew next time, and give all frames back but one. @param {number} [kept] */
  stop(kept) {
    this.#run += 1;
    if (this.#decoder?.state !== "closed") this.#decoder?.close();
    this.#decoder = null;
    this.#packets = [];
    this.#flushed = false;
    for (const [frame, picture] of this.#held) if (frame !== kept) this.#drop(frame, picture);
  }

  /** @param {number} frame @param {VideoFrame} picture */
  #drop(frame, picture) {
    picture.close();
    this.#held.delete(frame);
  }

  #fail() {
    this.usable = false;
    this.stop();
    this.ready();
  }

  /** @param {number} frame */
  async #begin(frame) {
    this.stop(frame - 1);
    const run = this.#run;
    this.#fed = frame - 1;
    this.#decoder = new VideoDecoder({ output: (picture) => this.#came(picture, run), error: () => this.#fail() });
    this.#decoder.addEventListener("dequeue", () => this.#feed());
    try {
      const { codec, header } = await (this.#facts ??= getFilm(this.id));
      const config = { codec, description: Uint8Array.from(atob(header), (each) => each.charCodeAt(0)) };
      const { supported } = await VideoDecoder.isConfigSupported(config);
      if (run !== this.#run) return;
      if (supported) this.#decoder.configure(config);
      else this.#fail();
    } catch {
      if (run === this.#run) this.#fail();
    }
  }

  /** @param {VideoFrame} picture @param {number} run */
  #came(picture, run) {
    const frame = picture.timestamp;
    if (run !== this.#run || frame < this.#wanted.from - 1) picture.close(); // before the one that was asked for
    else this.#held.set(frame, picture);
    this.#feed();
    this.ready();
  }

  /** Decode as much as there is room for, and fetch more packets in time. */
  #feed() {
    const decoder = this.#decoder;
    if (decoder?.state !== "configured") return;
    while (decoder.decodeQueueSize < 4 && this.#held.size < HELD) {
      const packet = this.#packets.shift();
      if (!packet) break;
      const { frame, key, bytes } = packet;
      decoder.decode(new EncodedVideoChunk({ type: key ? "key" : "delta", timestamp: frame, data: bytes }));
    }
    if (this.#packets.length < 12 && this.#fed < this.frames - 1) this.#fetch(this.#fed + 1);
    else if (!this.#packets.length && decoder.decodeQueueSize === 0 && !this.#flushed) {
      this.#flushed = true;
      decoder.flush().catch(() => {}); // the last frames wait for others that never come
    }
  }

  /** @param {number} frame */
  async #fetch(frame) {
    if (this.#fetching) return;
    this.#fetching = true;
    const run = this.#run;
    try {
      const answer = await fetch(filmUrl(this.id, frame));
      if (!answer.ok) throw new Error(`${answer.status}`);
      const packets = split(await answer.arrayBuffer());
      if (run === this.#run) {
        this.#packets.push(...packets);
        this.#fed = packets.reduce((most, each) => Math.max(most, each.frame), this.#fed);
      }
    } catch {
      if (run === this.#run) this.#fail();
    }
    this.#fetching = false;
    this.#feed();
  }
}

/** @param {ArrayBuffer} buffer */
function split(buffer) {
  const view = new DataView(buffer);
  const packets = [];
  for (let at = 0; at < buffer.byteLength; ) {
    const [frame, key, length] = [0, 4, 8].map((offset) => view.getUint32(at + offset, true));
    packets.push({ frame, key: key === 1, bytes: new Uint8Array(buffer, at + HEADER, length) });
    at += HEADER + length;
  }
  return packets;
}
