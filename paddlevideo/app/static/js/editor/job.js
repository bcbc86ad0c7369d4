// Propagation: begin, pause, go on, cancel; and what its events mean for the page.

import * as api from "../net/api.js";
import { noteMask, setJobs } from "./store.js";
import { toastError } from "../ui/toasts.js";

export class JobControl {
  /** @type {number | null} */
  #home = null; // the frame to return to when the picture has followed a propagation
  #begun = false; // whether the document is that of the propagation that runs

  /** @param {EditorStore} store @param {import("./commands.js").Commands} commands */
  constructor(store, commands) {
    this.store = store;
    this.commands = commands;
  }

  get propagating() {
    return Boolean(this.store.get("jobs").propagate);
  }

  /** The main button: propagate, pause or go on. */
  go() {
    const { jobs, doc, frame, pending, span } = this.store.values;
    if (jobs.propagate) this.#steer(jobs.propagate.paused ? "resume" : "pause");
    else if (doc.rounds.length || pending.length) {
      this.store.set({ playing: false });
      this.store.set({ stayed: false });
      this.#followFrom(frame);
      this.commands.run((id, revision) => api.propagate(id, revision, span));
    }
  }

  cancel() {
    if (this.propagating) this.#steer("cancel");
  }

  /** The picture no longer follows the propagation (the person looks elsewhere). */
  stay() {
    this.#followFrom(null);
    if (this.propagating) this.store.set({ stayed: true });
  }

  /** The picture follows, or no longer does; where the person has looked elsewhere it follows again. */
  toggleFollow() {
    const { follow, stayed, frame } = this.store.values;
    this.store.set({ follow: stayed || !follow, stayed: false });
    this.#followFrom(this.propagating ? frame : this.#home);
  }

  /** Follow, and return to `home` afterwards; null: no longer. @param {number | null} home */
  #followFrom(home) {
    this.#home = home;
    this.store.set({ following: home !== null && this.store.get("follow") });
  }

  /** A frame has a new mask. @param {MaskEvent} event */
  maskCame(event) {
    const { frame } = event;
    this.store.get("came").set(frame, { ...event, at: performance.now() });
    noteMask(this.store.get("doc"), event);
    this.store.touch("masks");
    if (this.propagating && !this.#begun) {
      this.#begun = true;
      this.commands.reload(); // a propagation changes rounds and revision when its first frame is done
    }
    if (this.following) this.store.set({ frame });
  }

  get following() {
    return this.store.get("following");
  }

  /** A job goes on, ended or failed. @param {JobEvent} event */
  jobCame(event) {
    this.store.get("told").set(event.kind, performance.now());
    if (event.failed) toastError(event.failed);
    if (event.kind === "export") this.store.set({ exported: event });
    const over = Boolean(event.failed || event.finished || (event.kind === "replay" && (event.done ?? 0) >= (event.total ?? 0)));
    const { [event.kind]: _, ...others } = this.store.get("jobs");
    setJobs(this.store, over ? others : { ...others, [event.kind]: event });
    // One that was begun before the page was loaded, or in another tab, is followed as well.
    if (!over && event.kind === "propagate" && !this.store.get("stayed")) this.#followFrom(this.#home ?? this.store.get("frame"));
    if (!over || event.kind !== "propagate") return;
    if (this.#home !== null && this.following) this.store.set({ frame: this.#home });
    this.#followFrom(null);
    this.#begun = false;
    this.store.set({ stayed: false });
    this.commands.reload();
  }

  /** @param {"pause" | "resume" | "cancel"} what */
  async #steer(what) {
    try {
      await api.steer(this.store.get("doc").id, what);
    } catch (error) {
      toastError(api.asFailure(error));
    }
  }
}
