// Propagation: begin, pause, go on, cancel; and what its events mean for the page.

import * as api from "./api.js";
import { toastError } from "./toasts.js";

export class Job {
  #home = null; // the frame to return to when the picture has followed a propagation

  /** @param {Store} store @param {Commands} commands */
  constructor(store, commands) {
    Object.assign(this, { store, commands });
  }

  get propagating() {
    return this.store.get("job")?.kind === "propagate";
  }

  /** The main button: propagate, pause or go on. */
  go() {
    const { job, doc, frame, span } = this.store.values;
    if (this.propagating) this.#steer(job.paused ? "resume" : "pause");
    else if (doc.rounds.length) {
      this.store.set({ playing: false });
      this.#home = frame;
      this.commands.run((id, revision) => api.propagate(id, revision, span));
    }
  }

  cancel() {
    if (this.propagating) this.#steer("cancel");
  }

  /** The picture no longer follows the propagation (the person looks elsewhere). */
  stay() {
    this.#home = null;
  }

  /** A frame has a new mask. */
  maskCame({ frame, rev, state }) {
    const { frames } = this.store.get("doc");
    frames.masks[frame] = rev;
    frames.state[frame] = state;
    this.store.touch("masks");
    if (this.following) this.store.set({ frame });
  }

  get following() {
    return this.#home !== null && this.store.get("follow");
  }

  /** A job goes on, ended or failed. */
  jobCame(event) {
    if (event.failed) toastError(event.failed);
    const over = Boolean(event.failed || event.finished);
    const job = this.store.get("job");
    if (!over) this.store.set({ job: { ...event } });
    else if (!job || job.kind === event.kind) this.store.set({ job: null });
    if (!over || event.kind !== "propagate") return;
    if (this.following) this.store.set({ frame: this.#home });
    this.#home = null;
    this.commands.reload();
  }

  async #steer(what) {
    try {
      const answer = await api.steer(this.store.get("doc").id, what);
      const job = this.store.get("job");
      if (what !== "cancel" && job && !answer?.revision) this.store.set({ job: { ...job, paused: what === "pause" } });
      else await this.commands.reload();
    } catch (error) {
      toastError(error);
    }
  }
}
