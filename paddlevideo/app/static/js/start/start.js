// The start screen: go on with a project, choose a video from the allowed folders, or drop one on the page.

import * as api from "../net/api.js";
import { iconButton, tip } from "../ui/controls.js";
import { el } from "../ui/dom.js";
import { Folders } from "./folders.js";
import { formatBytes, formatDate, formatNumber, t } from "../ui/i18n.js";
import { icon } from "../ui/icons.js";
import { toast, toastError } from "../ui/toasts.js";
import { languageSwitch } from "../ui/language.js";
import { upload } from "../net/upload.js";

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
    this.recent = el("ul", { class: "recent-list" });
    this.recentPart = el(
      "section",
      { class: "recent", "aria-labelledby": "recent-title" },
      el("h2", { id: "recent-title", text: t("start.recent") }),
      this.recent,
    );
    this.bar = el("progress", { max: 1, value: 0, "aria-label": t("start.progress") });
    this.message = el("p", { class: "drop-message", role: "status" });
    this.sending = this.#buildSending();
    this.waiting = this.#buildWaiting(state.limits);
    this.drop = el("section", { class: "drop", "aria-label": t("start.drop") }, this.waiting, this.sending);
    const folders = state.folders.length ? new Folders(state.folders, (folder, path) => this.#openFile(folder, path)) : null;
    this.element = el(
      "div",
      { class: "start" },
      el("header", { class: "start-top" }, el("div", { class: "spacer" }), languageSwitch(redraw)),
      el("div", { class: "start-title" }, el("h1", { text: t("start.title") }), el("p", { text: t("start.what") })),
      el("div", { class: "start-open" }, this.drop, folders?.element ?? null),
      this.recentPart,
    );
    this.#attachDrop();
    this.#list();
  }

  close() {
    this.#sending?.abort();
  }

  async #list() {
    try {
      const projects = await api.listProjects();
      this.recentPart.hidden = projects.length === 0;
      this.recent.replaceChildren(...projects.map((each) => this.#project(each)));
    } catch (error) {
      toastError(api.asFailure(error));
    }
  }

  /** @param {ProjectEntry} project */
  #project({ id, name, frames, width, height, changed, thumb }) {
    const facts = t("start.facts", { frames, width, height });
    const link = el(
      "a",
      { class: "recent-open", href: `#/project/${id}` },
      el("img", { src: thumb ?? api.thumbUrl(id, 0), alt: "", loading: "lazy" }),
      el("b", { text: name }),
      el("small", { text: facts }),
      el("small", { text: formatDate(changed) }),
    );
    const remove = iconButton("trash", t("start.delete", { name }), () => this.#delete(id, name), { class: "small" });
    return el("li", { class: "recent-item" }, tip(link, t("start.open", { name })), remove);
  }

  /** @param {string} id @param {string} name */
  async #delete(id, name) {
    if (!window.confirm(t("start.deleteSure", { name }))) return;
    await api.deleteProject(id).catch((error) => toastError(api.asFailure(error)));
    this.#list();
  }

  /** @param {string} folder @param {string} path */
  async #openFile(folder, path) {
    this.element.classList.add("opening");
    try {
      this.open(await api.openFile(folder, path));
    } catch (error) {
      toastError(api.asFailure(error));
    }
    this.element.classList.remove("opening");
  }

  // -------------------------------------------------------------------------------------------------- upload

  /** @param {ServerState["limits"]} limits */
  #buildWaiting({ upload_bytes: bytes, frames }) {
    const input = el("input", { type: "file", accept: "video/*,.mkv,.avi,.mov,.mp4,.webm", class: "unseen", id: "file" });
    input.dataset.tip = t("start.chooseTip");
    input.addEventListener("change", () => {
      if (input.files?.[0]) this.#upload(input.files[0]);
      input.value = "";
    });
    const choose = el("label", { class: "main-button", for: "file", text: t("start.choose") });
    return el(
      "div",
      { class: "waiting" },
      icon("upload"),
      el("p", { class: "drop-title", text: t("start.drop") }),
      input,
      tip(choose, t("start.chooseTip")),
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
      const files = event.dataTransfer?.files ?? [];
      if (files.length > 1) toast(t("start.oneOnly"));
      if (files[0]) this.#upload(files[0]);
    });
  }

  /** @param {File} file */
  async #upload(file) {
    if (this.#sending) return;
    this.#sending = new AbortController();
    this.#showSending(true);
    this.message.textContent = t("start.sending", { name: file.name });
    try {
      /** @param {number} share */
      const progress = (share) => {
        this.bar.value = share;
        if (share >= 1) this.message.textContent = t("start.reading", { name: file.name });
      };
      this.open(await upload(file, progress, this.#sending.signal));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "AbortError") toastError(api.asFailure(error));
    }
    this.#sending = null;
    this.#showSending(false);
  }

  /** @param {boolean} on */
  #showSending(on) {
    this.sending.hidden = !on;
    this.waiting.hidden = on;
    this.bar.value = 0;
  }
}
