// Playing: the frames at the video's rate, masks included; a frame that is not there yet is waited for or left out.

const AHEAD = 1; // seconds fetched ahead
const PATIENCE = 2000; // ms that the first pictures are waited for

/**
 * Play while `playing` is set; stops at the last frame or at the span's end.
 * @param {EditorStore} store
 * @param {import("../picture/picture.js").Picture} picture
 */
export function attachPlayback(store, picture) {
  /** @type {{time: number, frame: number} | null} where playing began */
  let start = null;

  let asked = 0; // when

  /** @param {number} now */
  const step = (now) => {
    if (!store.get("playing")) return;
    const { frames, rate } = store.get("doc").video;
    const end = store.get("span")?.[1] ?? frames - 1;
    const second = Math.min(end, store.get("frame") + 1);
    if (!start && !picture.ready(second) && now - asked < PATIENCE) {
      picture.ahead(range(second, end).slice(0, Math.ceil(rate * AHEAD)));
      requestAnimationFrame(step);
      return;
    }
    start ??= { time: now, frame: store.get("frame") };
    const due = Math.min(end, start.frame + Math.floor(((now - start.time) * rate) / 1000));
    const shown = store.get("frame");
    let next = due;
    while (next > shown && !picture.ready(next)) next -= 1;
    if (next > shown) store.set({ frame: next });
    else if (due > shown + rate / 2) start = { time: now, frame: shown }; // half a second late: wait for the pictures
    const from = store.get("frame");
    picture.ahead(range(from + 1, Math.min(end, from + Math.ceil(rate * AHEAD))));
    if (from >= end) store.set({ playing: false });
    else requestAnimationFrame(step);
  };

  store.subscribe(["playing"], () => {
    start = null;
    asked = performance.now();
    if (!store.get("playing")) return;
    const [first, last] = store.get("span") ?? [0, store.get("doc").video.frames - 1];
    if (store.get("frame") >= last || store.get("frame") < first) store.set({ frame: first });
    requestAnimationFrame(step);
  });
}

/** @param {number} from @param {number} to */
const range = (from, to) => Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
