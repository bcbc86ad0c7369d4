// The start screen: go on with a project, choose a video from the allowed folders, or drop one on the page.

import * as api from "./api.js";
import { iconButton, tip } from "./controls.js";
import { el } from "./dom.js";
import { Folders } from "./folders.js";
import { formatBytes, formatDate, formatNumber, t } from "./i18n.js";
import { icon } from "./icons.js";
import { toast, toastError } from "./toasts.js";
import { languageSwitch } from "./topbar.js";
import { upload } from "./upload.js";

export class Start {
  #sending = null; // AbortController of the upload under way

  /**
   * @param {object} state the server's
   * @param {(doc: object) => void} open
   * @param {() => void} redraw
   */
  constructor(state, open, redraw) {
    Object.assign(this, { state, open });
    document.title = "MA-Net";
    this.recent = el("ul", { class: "recent-list" });
    this.drop = this.#buildDrop();
    const folders = state.folders.length ? new Folders(state.folders, (folder, path) => this.#openFile(folder, path)) : null;
    this.element = el(
      "div",
      { class: "start" },
      el("header", { class: "start-top" }, el("div", { class: "spacer" }), languageSwitch(redraw)),
      el("div", { class: "start-title" }, el("h1", { text: t("start.title") }), el("p", { text: t("start.what") })),
      el("div", { class: "start-open" }, this.drop, folders?.element ?? null),
      el("section", { class: "recent", "aria-labelledby": "recent-title" },
        el("h2", { id: "recent-title", text: t("start.recent") }), this.recent),
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
      this.recent.parentElement.hidden = projects.length === 0;
      this.recent.replaceChildren(...projects.map((each) => this.#project(each)));
    } catch (error) {
      toastError(error);
    }
  }

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

  async #delete(id, name) {
    if (!window.confirm(t("start.deleteSure", { name }))) return;
    await api.deleteProject(id).catch(toastError);
    this.#list();
  }

  async #openFile(folder, path) {
    this.element.classList.add("opening");
    try {
      this.open(await api.openFile(folder, path));
    } catch (error) {
      toastError(error);
    }
    this.element.classList.remove("opening");
  }

  // -------------------------------------------------------------------------------------------------- upload

  #buildDrop() {
    const input = el("input", { type: "file", accept: "video/*,.mkv,.avi,.mov,.mp4,.webm", class: "unseen", id: "file" });
    input.dataset.tip = t("start.chooseTip");
    input.addEventListener("change", () => {
      if (input.files[0]) this.#upload(input.files[0]);
      input.value = "";
    });
    this.bar = el("progress", { max: 1, value: 0, "aria-label": t("start.progress") });
    this.message = el("p", { class: "drop-message", role: "status" });
    const stop = el("button", { type: "button", class: "plain-button", text: t("start.stop") });
    stop.addEventListener("click", () => this.#sending?.abort());
    this.sending = el("div", { class: "sending", hidden: true }, this.message, this.bar, tip(stop, t("start.stopTip")));
    const { upload_bytes: bytes, frames } = this.state.limits;
    const choose = el("label", { class: "main-button", for: "file", text: t("start.choose") });
    this.waiting = el(
      "div",
      { class: "waiting" },
      icon("upload"),
      el("p", { class: "drop-title", text: t("start.drop") }),
      input,
      tip(choose, t("start.chooseTip")),
      el("p", { class: "hint", text: t("start.limits", { bytes: formatBytes(bytes), frames: formatNumber(frames) }) }),
    );
    return el("section", { class: "drop", "aria-label": t("start.drop") }, this.waiting, this.sending);
  }

  #attachDrop() {
    let depth = 0;
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
      const { files } = event.dataTransfer;
      if (files.length > 1) toast(t("start.oneOnly"));
      if (files[0]) this.#upload(files[0]);
    });
  }

  async #upload(file) {
    if (this.#sending) return;
    this.#sending = new AbortController();
    this.#showSending(true);
    this.message.textContent = t("start.sending", { name: file.name });
    try {
      const progress = (share) => {
        this.bar.value = share;
        if (share >= 1) this.message.textContent = t("start.reading", { name: file.name });
      };
      this.open(await upload(file, progress, this.#sending.signal));
    } catch (error) {
      if (error.name !== "AbortError") toastError(error);
    }
    this.#sending = null;
    this.#showSending(false);
  }

  #showSending(on) {
    this.sending.hidden = !on;
    this.waiting.hidden = on;
    this.bar.value = 0;
  }
}
