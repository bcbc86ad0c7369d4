// What the page knows, and who wants to hear of changes.

import { clamp } from "./dom.js";

export class Store {
  #listeners = new Map();
  #changed = new Set();

  constructor(values) {
    this.values = values;
  }

  get(key) {
    return this.values[key];
  }

  /** Change values; listeners hear once, after the current code has run. */
  set(change) {
    for (const [key, value] of Object.entries(change)) {
      if (Object.is(this.values[key], value)) continue;
      this.values[key] = value;
      this.touch(key);
    }
  }

  /** Say that `key` changed inside (a document's frames, for instance). */
  touch(key) {
    if (this.#changed.size === 0) queueMicrotask(() => this.#tell());
    this.#changed.add(key);
  }

  /** Call `listener` after any of `keys` changed. */
  on(keys, listener) {
    for (const key of keys) {
      if (!this.#listeners.has(key)) this.#listeners.set(key, new Set());
      this.#listeners.get(key).add(listener);
    }
  }

  #tell() {
    const hearing = new Set();
    for (const key of this.#changed) for (const each of this.#listeners.get(key) ?? []) hearing.add(each);
    this.#changed.clear();
    for (const listener of hearing) listener();
  }
}

/** The editor's values as a project is opened. Tools: brush, background, eraser, pan. */
export function editorStore(doc) {
  const settings = doc.settings ?? {};
  return new Store({
    doc: null, // filled by adoptDocument
    frame: Math.min(settings.frame ?? 0, doc.video.frames - 1),
    tool: settings.tool ?? "brush",
    object: settings.object ?? doc.objects[0]?.id ?? 1, // adoptDocument takes another where it is gone
    brush: settings.brush ?? 0.008, // of the picture's width
    opacity: settings.opacity ?? 0.5,
    outline: settings.outline ?? false,
    strokesShown: settings.strokes ?? true,
    follow: settings.follow ?? true,
    span: keptSpan(settings.span, doc.video.frames - 1),
    playing: false,
    pending: [], // strokes on their way to the server
    erasing: new Set(), // keys of strokes under the eraser
    jobs: {}, // kind -> what the server told of it last
    job: null, // the one that is shown
    exported: null, // the last event of an export
    embedding: null, // {done, total} while the server prepares frames
    came: new Map(), // frame -> {at, rev, state}: masks that came as events, and when
    told: new Map(), // kind of a job -> when its last event came
    connected: true,
    busy: 0, // calls under way
  });
}

/** The span that was kept, inside the video; null where there is none, or where it is the whole. */
function keptSpan(span, last) {
  const [from, to] = (span ?? [0, last]).map((each) => clamp(each, 0, last));
  return from === 0 && to === last ? null : [from, to];
}

const SHOWN_FIRST = ["propagate", "export", "replay", "decode"];

/** Note which jobs there are; the one that matters most to a person is shown. */
export function setJobs(store, jobs) {
  const kind = SHOWN_FIRST.find((each) => jobs[each]);
  store.set({ jobs, job: kind ? jobs[kind] : null });
}

/**
 * Take a document over. `frames.state` becomes a list, so that events can change single frames; those whose events came
 * after `asked` (when the document was asked for) are newer than the document.
 */
export function adoptDocument(store, doc, asked = Infinity) {
  doc.frames.state = [...doc.frames.state];
  for (const [frame, { at, rev, state }] of store.get("came")) {
    if (at <= asked) continue;
    doc.frames.masks[frame] = rev;
    doc.frames.state[frame] = state;
  }
  const objects = doc.objects.map((each) => each.id);
  store.set({ doc });
  setJobs(store, jobsNow(store, doc.job, asked));
  if (!objects.includes(store.get("object")) && objects.length) store.set({ object: objects[0] });
  store.touch("masks");
}

/** What a document says of jobs, corrected by the events that came after `asked`. */
function jobsNow(store, job, asked) {
  const jobs = job ? { [job.kind]: job } : {};
  // A document tells of one job: of an export beside a propagation only events do.
  const newer = [...store.get("told")].filter(([, at]) => at > asked).map(([kind]) => kind);
  for (const kind of job?.kind === "propagate" ? [...newer, "export"] : newer) jobs[kind] = store.get("jobs")[kind];
  return jobs;
}
