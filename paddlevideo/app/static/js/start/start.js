// The start screen: go on with a project, choose a video from the allowed folders, or drop one on the page.

import * as api from "../net/api.js";
import { tip } from "../ui/controls.js";
import { el } from "../ui/dom.js";
import { Folders } from "./folders.js";
import { formatBytes, formatNumber, t } from "../ui/i18n.js";
import { icon } from "../ui/icons.js";
import { toast, toastError } from "../ui/toasts.js";
import { languageSwitch } from "../ui/language.js";
import { Recent } from "./recent.js";
import { batches, dropped, upload } from "../net/upload.js";

/** @typedef {import("../net/upload.js").Batch} Batch */

export class Start {
  /** @type {AbortController | null} of the upload under way */
  #sending = null;

  /**
   * @param {ServerState} state
   * @param {(doc: ProjectAnswer) => void} open
   * @param {() => void} redraw
   */
  constructor(state, open, redraw) {
    this.open = open;
    document.title = "MA-Net";
    this.recent = new Recent();
    this.language = languageSwitch(redraw);
    this.bar = el("progress", { max: 1, value: 0, "aria-label": t("start.progress") });
    this.message = el("p", { class: "drop-message", role: "status" });
    this.sending = this.#buildSending();
    this.waiting = this.#buildWaiting(state.limits);
    this.drop = el("section", { class: "drop", "aria-label": t("start.drop") }, this.waiting, this.sending);
    const folders = state.folders.length ? new Folders(state.folders, (folder, path) => this.#openFile(folder, path)) : null;
    this.element = el(
      "div",
      { class: "start" },
      el("header", { class: "start-top" }, el("div", { class: "spacer" }), this.language),
      el("div", { class: "start-title" }, el("h1", { text: t("start.title") }), el("p", { text: t("start.what") })),
      this.recent.element,
      el("div", { class: "start-open" }, this.drop, folders?.element ?? null, state.demo ? this.#demo() : null),
    );
    this.#attachDrop();
    this.recent.show();
  }

  /** Whether an upload is under way. */
  get busy() {
    return this.#sending !== null;
  }

  close() {
    this.#sending?.abort();
  }

  /** The way in for somebody without a video at hand. */
  #demo() {
    const open = el("button", { type: "button", class: "plain-button", text: t("start.demoOpen") });
    open.addEventListener("click", () => this.#opening(api.openDemo()));
    return el(
      "section",
      { class: "demo", "aria-labelledby": "demo-title" },
      el("h2", { id: "demo-title", text: t("start.demo") }),
      el("p", { class: "hint", text: t("start.demoWhat") }),
      tip(open, t("start.demoTip")),
    );
  }

  /** @param {string} folder @param {string} path */
  #openFile(folder, path) {
    this.#opening(api.openFile(folder, path));
  }

  /** @param {Promise<ProjectAnswer>} call */
  async #opening(call) {
    this.element.classList.add("opening");
    try {
      this.open(await call);
    } catch (error) {
      toastError(api.asFailure(error));
    }
    this.element.classList.remove("opening");
  }

  // -------------------------------------------------------------------------------------------------- upload

  /** @param {ServerState["limits"]} limits */
  #buildWaiting({ upload_bytes: bytes, frames }) {
    const files = fileInput("file", { multiple: true, accept: "video/*,image/*,.mkv,.avi,.mov,.mp4,.webm,.mts,.mxf" });
    const folder = fileInput("folder", { webkitdirectory: true });
    const parts = [files, folder].flatMap((input, i) => {
      input.addEventListener("change", () => {
        this.#take([...(input.files ?? [])].map((file) => ({ file, folder: folderOf(file) })));
        input.value = "";
      });
      const words = i ? "start.folder" : "start.choose";
      input.dataset.tip = t(`${words}Tip`);
      return [input, tip(el("label", { class: i ? "plain-button" : "main-button", for: input.id, text: t(words) }), t(`${words}Tip`))];
    });
    return el(
      "div",
      { class: "waiting" },
      icon("upload"),
      el("p", { class: "drop-title", text: t("start.drop") }),
      el("div", { class: "choices" }, ...parts),
      el("p", { class: "hint", text: t("start.limits", { bytes: formatBytes(bytes), frames: formatNumber(frames) }) }),
    );
  }

  #buildSending() {
    const stop = el("button", { type: "button", class: "plain-button", text: t("start.stop") });
    stop.addEventListener("click", () => this.#sending?.abort());
    return el("div", { class: "sending", hidden: true }, this.message, this.bar, tip(stop, t("start.stopTip")));
  }

  #attachDrop() {
    let depth = 0;
    /** @param {number} change */
    const over = (change) => {
      depth = Math.max(0, depth + change);
      this.drop.classList.toggle("over", depth > 0);
    };
    this.element.addEventListener("dragenter", () => over(1));
    this.element.addEventListener("dragleave", () => over(-1));
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      over(-depth);
      dropped(event.dataTransfer).then((given) => this.#take(given));
    });
  }

  /** Make a project of each video and each folder of pictures; a single one is opened. @param {{file: File, folder: string}[]} given */
  async #take(given) {
    const all = batches(given);
    if (this.#sending || !all.length) return;
    this.#sending = new AbortController();
    const { signal } = this.#sending;
    this.#showSending(true);
    let made = null;
    for (const [i, batch] of all.entries()) {
      made = await this.#upload(batch, all.length > 1 ? t("start.nth", { nth: i + 1, all: all.length }) : "", signal);
      if (signal.aborted) {
        // By the button, or because another screen was asked for.
        const left = all.slice(made ? i + 1 : i).map(({ name }) => name);
        if (left.length) toast(t("start.stopped", { names: left.join(", ") }));
        break;
      }
    }
    this.#sending = null;
    this.#showSending(false);
    if (made && all.length === 1 && !signal.aborted) this.open(made);
    else this.recent.show();
  }

  /** @param {Batch} batch @param {string} nth @param {AbortSignal} signal */
  async #upload(batch, nth, signal) {
    const { name } = batch;
    this.message.textContent = t("start.sending", { name }) + nth;
    try {
      /** @param {number} share */
      const progress = (share) => {
        this.bar.value = share;
        if (share >= 1) this.message.textContent = t("start.reading", { name }) + nth;
      };
      return await upload(batch, progress, signal);
    } catch (error) {
      if (!signal.aborted) toastError(api.asFailure(error));
      return null;
    }
  }

  /** @param {boolean} on */
  #showSending(on) {
    this.sending.hidden = !on;
    this.waiting.hidden = on;
    this.language.disabled = on; // drawn anew the page would know nothing of the upload
    this.bar.value = 0;
  }
}

/** @param {string} id @param {object} options */
const fileInput = (id, options) => el("input", { type: "file", class: "unseen", id, ...options });

/** The folder that a file was chosen in, where a folder was chosen. @param {File} file */
const folderOf = (file) => file.webkitRelativePath.split("/").slice(-2, -1)[0] ?? "";
