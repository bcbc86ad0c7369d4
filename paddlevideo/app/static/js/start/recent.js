// The projects: go on with one, see how far it is, rename, duplicate or delete it.

import * as api from "../net/api.js";
import { iconButton, tip } from "../ui/controls.js";
import { el } from "../ui/dom.js";
import { formatDate, t } from "../ui/i18n.js";
import { toastError } from "../ui/toasts.js";

const FEW = 5; // shown at first: a row

export class Recent {
  #all = false;

  constructor() {
    this.list = el("ul", { class: "recent-list" });
    this.more = el("button", { type: "button", class: "plain-button", hidden: true });
    this.more.addEventListener("click", () => {
      this.#all = true;
      this.show();
    });
    this.element = el(
      "section",
      { class: "recent", "aria-labelledby": "recent-title", hidden: true },
      el("header", {}, el("h2", { id: "recent-title", text: t("start.recent") }), tip(this.more, t("start.moreTip"))),
      this.list,
    );
  }

  /** Ask for the projects and show them. */
  async show() {
    try {
      const projects = await api.listProjects();
      this.element.hidden = projects.length === 0;
      this.more.hidden = this.#all || projects.length <= FEW;
      this.more.textContent = t("start.more", { projects: projects.length });
      this.list.replaceChildren(...projects.slice(0, this.#all ? undefined : FEW).map((each) => this.#card(each)));
    } catch (error) {
      toastError(api.asFailure(error));
    }
  }

  /** @param {ProjectEntry} project */
  #card(project) {
    const { id, name, frames, done, width, height, changed, thumb } = project;
    const far = t(done === frames ? "start.whole" : done ? "start.done" : "start.fresh", { done, frames });
    const title = el("b", { text: name });
    const link = el(
      "a",
      { class: "recent-open", href: `#/project/${id}` },
      el("img", { src: thumb ?? api.thumbUrl(id, 0), alt: "", loading: "lazy" }),
      title,
      el("progress", { max: frames, value: done, "aria-label": far }),
      el("small", { text: far }),
      el("small", { text: t("start.facts", { frames, width, height }) }),
      el("small", { text: formatDate(changed) }),
    );
    const item = el("li", { class: "recent-item" }, tip(link, t("start.open", { name })));
    /** @param {string} icon @param {string} word @param {() => void} run */
    const button = (icon, word, run) => iconButton(icon, t(`start.${word}`, { name }), run, { class: "small" });
    item.append(
      el(
        "div",
        { class: "recent-do" },
        button("pencil", "rename", () => this.#rename(item, project)),
        button("copy", "duplicate", () => this.#do(api.duplicateProject(id))),
        button("trash", "delete", () => {
          if (window.confirm(t("start.deleteSure", { name }))) this.#do(api.deleteProject(id));
        }),
      ),
    );
    return item;
  }

  /** @param {Promise<unknown>} call */
  async #do(call) {
    await call.catch((error) => toastError(api.asFailure(error)));
    this.show();
  }

  /** Let a name be typed over the card's. @param {HTMLElement} item @param {ProjectEntry} project */
  #rename(item, { id, name }) {
    const input = el("input", { type: "text", class: "recent-name", value: name, maxlength: 80 });
    tip(input, t("top.name"), ["Enter"]);
    let done = false;
    /** @param {boolean} keep */
    const finish = (keep) => {
      if (done) return;
      done = true;
      const typed = input.value.trim();
      if (keep && typed && typed !== name) this.#do(api.patchProject(id, { name: typed }));
      else input.remove();
    };
    input.addEventListener("blur", () => finish(true));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === "Escape") finish(event.key === "Enter");
    });
    item.append(input);
    input.focus();
    input.select();
  }
}
