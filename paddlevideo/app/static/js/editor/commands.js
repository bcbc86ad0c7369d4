// Changes of the project, one after the other: each is sent with the revision that the one before it gave.

import * as api from "../net/api.js";
import { adoptDocument } from "./store.js";

export class Commands {
  /** @type {Promise<void>} */
  #tail = Promise.resolve();
  /** @type {Set<() => void>} */
  #queued = new Set();
  #batch = 0; // changes queued before a failure are dropped with it

  /**
   * @param {EditorStore} store
   * @param {(error: Failure, again: (() => void)[]) => void} failed told of each failure, a stale revision included, and
   *   of what does those again that were lost with it
   */
  constructor(store, failed) {
    this.store = store;
    this.failed = failed;
  }

  /**
   * Queue a change. Resolves to the server's answer (a document, taken over), or to null where it failed or was dropped
   * because a change before it failed.
   * @param {(id: string, revision: number) => Promise<ProjectAnswer>} work
   * @param {() => void} [again] does it once more, where a person would not like to lose it
   * @param {{quiet?: boolean}} [options] `quiet`: nobody is told of the work
   * @returns {Promise<ProjectAnswer | null>}
   */
  run(work, again, { quiet = false } = {}) {
    const shown = quiet ? 0 : 1;
    const batch = this.#batch;
    if (again) this.#queued.add(again);
    this.store.set({ busy: this.store.get("busy") + shown });
    const done = this.#tail.then(async () => {
      const answer = batch === this.#batch ? await this.#send(work) : null;
      if (again) this.#queued.delete(again);
      return answer;
    });
    this.#tail = done.then(() => this.store.set({ busy: this.store.get("busy") - shown }));
    return done;
  }

  /** Read the document anew, after the changes under way. */
  reload() {
    return this.run((id) => api.getProject(id));
  }

  /** Read the document anew where the server's revision is newer than ours; -1: it is not known. @param {number} revision */
  async follow(revision) {
    await this.#tail;
    if (revision < 0 || revision > this.store.get("doc").revision) await this.reload();
  }

  /**
   * @param {(id: string, revision: number) => Promise<ProjectAnswer>} work
   * @returns {Promise<ProjectAnswer | null>}
   */
  async #send(work) {
    const { id, revision } = this.store.get("doc");
    const asked = performance.now();
    try {
      const answer = await work(id, revision);
      if (answer?.revision !== undefined) adoptDocument(this.store, answer, asked);
      return answer;
    } catch (caught) {
      const error = api.asFailure(caught);
      this.#batch += 1;
      if (error.code === "stale_revision") {
        const fresh = await api.getProject(id).catch(() => null);
        if (fresh) adoptDocument(this.store, fresh);
      }
      this.failed(error, [...this.#queued]);
      this.#queued.clear();
      return null;
    }
  }
}
