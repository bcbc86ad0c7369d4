// Pictures that are fetched when they are needed, a few at once, and kept within a budget.

const BYTES_A_PIXEL = 4;
const RETRY = 2000; // ms after which what could not be loaded may be asked for again

/** @typedef {string | number | null | undefined} Version what makes a kept bitmap outdated; null: there is none */

export class BitmapCache {
  /** @type {Map<number, {version: Version, bitmap: ImageBitmap}>} the longest unused first */
  #kept = new Map();
  #bytes = 0;
  /** @type {Set<number>} */
  #loading = new Set();
  /** @type {number[]} keys, the next one last */
  #urgent = [];
  /** @type {number[]} */
  #ahead = [];
  /** @type {Map<number, {version: Version, until: number}>} */
  #failed = new Map();

  /**
   * @param {object} options
   * @param {(key: number) => Promise<ImageBitmap>} options.load
   * @param {(key: number) => Version} [options.version]
   * @param {(key: number) => void} options.ready called when a bitmap has come
   * @param {number} options.budget bytes
   * @param {number} options.lanes how many are loaded at once
   */
  constructor({ load, version = () => 0, ready, budget, lanes }) {
    this.load = load;
    this.version = version;
    this.ready = ready;
    this.budget = budget;
    this.lanes = lanes;
  }

  /** The bitmap of `key`, an outdated one while the new one is on its way, or null; loading begins where needed. @param {number} key */
  get(key) {
    const kept = this.peek(key);
    if (this.#needed(key)) {
      this.#urgent = this.#urgent.filter((each) => each !== key).slice(-8);
      this.#urgent.push(key);
      this.#fill();
    }
    return kept;
  }

  /** The bitmap of `key` if it is there. @param {number} key */
  peek(key) {
    if (this.version(key) === null) return null;
    const kept = this.#kept.get(key);
    if (!kept) return null;
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept.bitmap;
  }

  /** Whether `key`'s newest bitmap is there, or there is none to have. @param {number} key */
  fresh(key) {
    const version = this.version(key);
    return version === null || this.#kept.get(key)?.version === version;
  }

  /** Load these when nothing else is asked for, in this order; replaces what was to be loaded ahead before. @param {number[]} keys */
  ahead(keys) {
    this.#ahead = keys.filter((key) => this.#needed(key)).reverse();
    this.#fill();
  }

  clear() {
    for (const { bitmap } of this.#kept.values()) bitmap.close();
    this.#kept.clear();
    this.#bytes = 0;
    this.#urgent = [];
    this.#ahead = [];
  }

  /** @param {number} key */
  #needed(key) {
    const failed = this.#failed.get(key);
    if (failed && failed.version === this.version(key) && failed.until > performance.now()) return false;
    return !this.fresh(key) && !this.#loading.has(key);
  }

  #fill() {
    while (this.#loading.size < this.lanes) {
      const key = this.#urgent.pop() ?? this.#ahead.pop();
      if (key === undefined) return;
      if (this.#needed(key)) this.#start(key);
    }
  }

  /** @param {number} key */
  async #start(key) {
    const version = this.version(key);
    this.#loading.add(key);
    try {
      this.#keep(key, version, await this.load(key));
    } catch {
      this.#failed.set(key, { version, until: performance.now() + RETRY });
      setTimeout(() => this.ready(key), RETRY + 50); // who still wants it asks again
    }
    this.#loading.delete(key);
    this.ready(key);
    this.#fill();
  }

  /** @param {number} key @param {Version} version @param {ImageBitmap} bitmap */
  #keep(key, version, bitmap) {
    this.#drop(key);
    this.#kept.set(key, { version, bitmap });
    this.#bytes += bitmap.width * bitmap.height * BYTES_A_PIXEL;
    for (const old of this.#kept.keys()) {
      if (this.#bytes <= this.budget || old === key) break;
      this.#drop(old);
    }
  }

  /** @param {number} key */
  #drop(key) {
    const kept = this.#kept.get(key);
    if (!kept) return;
    this.#bytes -= kept.bitmap.width * kept.bitmap.height * BYTES_A_PIXEL;
    kept.bitmap.close();
    this.#kept.delete(key);
  }
}

/**
 * Fetch a picture and decode it off the main thread. Browsers open six connections to a server: two load frames, one
 * masks, one thumbnails, one listens to events, and one is left for what a person does.
 * @param {string} url
 * @param {"auto"|"low"} priority
 */
export async function fetchBitmap(url, priority = "auto") {
  const answer = await fetch(url, { priority });
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  return createImageBitmap(await answer.blob());
}
