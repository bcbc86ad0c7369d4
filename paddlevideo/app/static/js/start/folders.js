// Choosing a video from the folders that the server allows.

import { asFailure, browse } from "../net/api.js";
import { tip } from "../ui/controls.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { errorText, t } from "../ui/i18n.js";

export class Folders {
  /** @param {string[]} names of the allowed folders @param {(folder: string, path: string) => void} choose */
  constructor(names, choose) {
    this.names = names;
    this.choose = choose;
    this.trail = el("nav", { class: "trail", "aria-label": t("folders.trail") });
    this.list = el("ul", { class: "folder-list" });
    this.element = el(
      "section",
      { class: "folders", "aria-labelledby": "folders-title" },
      el("h2", { id: "folders-title", text: t("folders.title") }),
      this.trail,
      this.list,
    );
    if (names.length === 1) this.#show(names[0], "");
    else this.#showRoots();
  }

  #showRoots() {
    this.trail.replaceChildren();
    this.list.replaceChildren(...this.names.map((name) => this.#row("folder", name, "", () => this.#show(name, ""))));
  }

  /** @param {string} folder @param {string} path */
  async #show(folder, path) {
    this.#drawTrail(folder, path);
    try {
      const { entries } = await browse(folder, path);
      const rows = entries.map((entry) => this.#entry(folder, entry));
      this.list.replaceChildren(...(rows.length ? rows : [el("li", { class: "hint", text: t("folders.empty") })]));
    } catch (error) {
      this.list.replaceChildren(el("li", { class: "hint", text: errorText(asFailure(error)) }));
    }
  }

  /** @param {string} folder @param {string} path */
  #drawTrail(folder, path) {
    const parts = path ? path.split("/") : [];
    /** @param {string} text @param {() => void} run */
    const crumb = (text, run, told = t("folders.into", { name: text })) =>
      tip(el("button", { type: "button", class: "crumb", text, on: { click: run } }), told);
    const crumbs = [
      this.names.length > 1 ? crumb(t("folders.all"), () => this.#showRoots(), t("folders.allTip")) : null,
      crumb(folder, () => this.#show(folder, "")),
      ...parts.map((part, i) => crumb(part, () => this.#show(folder, parts.slice(0, i + 1).join("/")))),
    ];
    this.trail.replaceChildren(...crumbs.filter((each) => each !== null));
  }

  /** @param {string} folder @param {FolderEntry} entry */
  #entry(folder, { name, path, kind, note }) {
    const run = () => (kind === "folder" ? this.#show(folder, path) : this.choose(folder, path));
    return this.#row(kind, name, note, run);
  }

  /** @param {FolderEntry["kind"]} kind @param {string} name @param {string} note @param {() => void} run */
  #row(kind, name, note, run) {
    const button = el(
      "button",
      { type: "button", class: "folder-row", on: { click: run } },
      icon(kind === "folder" ? "folder" : "film"),
      el("span", { text: name }),
      el("small", { text: note || (kind === "frames" ? t("folders.frames") : "") }),
    );
    return el("li", {}, tip(button, t(kind === "folder" ? "folders.into" : "start.open", { name })));
  }
}
