// What the page knows, and who wants to hear of changes.

import { clamp } from "../ui/dom.js";

/** @template {object} Values */
export class Store {
  /** @type {Map<keyof Values, Set<() => void>>} */
  #listeners = new Map();
  /** @type {Set<keyof Values>} */
  #changed = new Set();

  /** @param {Values} values */
  constructor(values) {
    this.values = values;
  }

  /**
   * @template {keyof Values} Key
   * @param {Key} key
   * @returns {Values[Key]}
   */
  get(key) {
    return this.values[key];
  }

  /**
   * Change values; listeners hear once, after the current code has run.
   * @param {Partial<Values>} change
   */
  set(change) {
    for (const key of /** @type {(keyof Values)[]} */ (Object.keys(change))) {
      const value = /** @type {Values[keyof Values]} */ (change[key]);
      if (Object.is(this.values[key], value)) continue;
      this.values[key] = value;
      this.touch(key);
    }
  }

  /**
   * Say that `key` changed inside (a document's frames, for instance).
   * @param {keyof Values} key
   */
  touch(key) {
    if (this.#changed.size === 0) queueMicrotask(() => this.#tell());
    this.#changed.add(key);
  }

  /**
   * Call `listener` after any of `keys` changed, until the returned function is called.
   * @param {(keyof Values)[]} keys
   * @param {() => void} listener
   * @returns {() => void}
   */
  subscribe(keys, listener) {
    for (const key of keys) {
      const hearing = this.#listeners.get(key) ?? new Set();
      this.#listeners.set(key, hearing.add(listener));
    }
    return () => keys.forEach((key) => this.#listeners.get(key)?.delete(listener));
  }

  #tell() {
    const hearing = new Set();
    for (const key of this.#changed) for (const each of this.#listeners.get(key) ?? []) hearing.add(each);
    this.#changed.clear();
    for (const listener of hearing) listener();
  }
}

/**
 * The editor's values as a project is opened.
 * @param {ProjectAnswer} answer
 * @returns {EditorStore}
 */
export function editorStore(answer) {
  const doc = taken(answer);
  const settings = doc.settings ?? {};
  /** @type {EditorValues} */
  const values = {
    doc,
    frame: Math.min(settings.frame ?? 0, doc.video.frames - 1),
    tool: settings.tool ?? "brush",
    object: settings.object ?? doc.objects[0]?.id ?? 1, // adoptDocument takes another where it is gone
    brush: settings.brush ?? 0.008, // of the picture's width
    line: settings.line ?? 1,
    hardness: settings.hardness ?? 100, // per cent
    tidy: settings.tidy ?? 100,
    opacity: settings.opacity ?? 0.5,
    outline: settings.outline ?? false,
    strokesShown: settings.strokes ?? true,
    follow: settings.follow ?? true,
    result: false,
    look: settings.look ?? "cutout",
    ground: settings.ground ?? "checker",
    grow: settings.grow ?? 0,
    feather: settings.feather ?? 0,
    solo: settings.solo ?? false,
    span: keptSpan(settings.span, doc.video.frames - 1),
    playing: false,
    pending: [],
    erasing: new Set(),
    jobs: {},
    job: null,
    exported: null,
    embedding: null,
    warming: null,
    came: new Map(),
    told: new Map(),
    connected: true,
    busy: 0,
    out: false,
    stayed: false,
    following: false,
    scale: 1,
  };
  const store = new Store(values);
  adoptDocument(store, answer);
  return store;
}

/** The objects that are shown: those that are not hidden, or the chosen one alone. @param {EditorStore} store */
export function shownObjects(store) {
  const { doc, solo, object } = store.values;
  return doc.objects.filter((each) => (solo ? each.id === object : !each.hidden));
}

/**
 * A document with its frames' states as a list, so that events can change single ones.
 * @param {ProjectAnswer} answer
 * @returns {Project}
 */
const taken = (answer) => ({
  ...answer,
  frames: { ...answer.frames, state: [...answer.frames.state] },
  lanes: Object.fromEntries(Object.entries(answer.lanes).map(([id, lane]) => [id, [...lane]])),
});

/** Note what an event says of a frame. @param {Project} doc @param {MaskEvent} event */
export function noteMask({ frames, lanes }, event) {
  frames.masks[event.frame] = event.rev;
  frames.state[event.frame] = event.state;
  for (const [id, state] of Object.entries(event.lanes)) if (lanes[Number(id)]) lanes[Number(id)][event.frame] = state;
}

/**
 * The span that was kept, inside the video; null where there is none, or where it is the whole.
 * @param {Span | null | undefined} span
 * @param {number} last
 * @returns {Span | null}
 */
function keptSpan(span, last) {
  const [from, to] = (span ?? [0, last]).map((each) => clamp(each, 0, last));
  return from === 0 && to === last ? null : [from, to];
}

/** @type {JobKind[]} */
const SHOWN_FIRST = ["propagate", "export", "replay", "decode"];

/**
 * Note which jobs there are; the one that matters most to a person is shown.
 * @param {EditorStore} store
 * @param {Partial<Record<JobKind, JobEvent>>} jobs
 */
export function setJobs(store, jobs) {
  const kind = SHOWN_FIRST.find((each) => jobs[each]);
  store.set({ jobs, job: (kind && jobs[kind]) ?? null });
}

/**
 * Take a document over. Frames whose events came after `asked` (when the document was asked for) are newer than it.
 * @param {EditorStore} store
 * @param {ProjectAnswer} answer
 * @param {number} asked
 */
export function adoptDocument(store, answer, asked = Infinity) {
  const doc = taken(answer);
  for (const event of store.get("came").values()) if (event.at > asked) noteMask(doc, event);
  const objects = doc.objects.map((each) => each.id);
  store.set({ doc });
  setJobs(store, jobsNow(store, doc.job, asked));
  if (!objects.includes(store.get("object")) && objects.length) store.set({ object: objects[0] });
  store.touch("masks");
}

/**
 * What a document says of jobs, corrected by the events that came after `asked`.
 * @param {EditorStore} store
 * @param {Job | null} job
 * @param {number} asked
 */
function jobsNow(store, job, asked) {
  /** @type {Partial<Record<JobKind, JobEvent>>} */
  const jobs = job ? { [job.kind]: job } : {};
  // A document tells of one job: of an export beside a propagation only events do.
  /** @type {JobKind[]} */
  const newer = [...store.get("told")].filter(([, at]) => at > asked).map(([kind]) => kind);
  if (job?.kind === "propagate") newer.push("export");
  for (const kind of newer) jobs[kind] = store.get("jobs")[kind];
  return jobs;
}
