// The objects: choose, name, colour, hide, lock, remove, add.

import { actionButton, iconButton, pressed, tip } from "../ui/controls.js";
import { el } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { shownObjects } from "./store.js";

/** The name a person gave, else one of the page. @param {ObjectState} object */
export function nameOf(object) {
  return object.name || t("objects.default", { number: object.id });
}

export class Objects {
  /** @type {number | null} id of the object whose name is being typed */
  #renaming = null;

  /**
   * @param {EditorStore} store
   * @param {Actions} actions
   * @param {Pick<import("./editor.js").Editor, "changeObject" | "removeObject" | "selectObject">} editor
   */
  constructor(store, actions, editor) {
    this.store = store;
    this.editor = editor;
    this.list = el("ul", { class: "object-list" });
    const add = iconButton("plus", t("action.addObject"), () => actions.addObject.run(), { keys: actions.addObject.keys });
    add.dataset.action = "addObject";
    const solo = actionButton(actions, "solo");
    this.element = el(
      "section",
      { class: "objects", "aria-label": t("objects.title") },
      el("header", {}, el("h2", { text: t("objects.title") }), el("div", { class: "button-group" }, solo, add)),
      this.list,
    );
    store.subscribe(["doc", "object", "tool", "solo"], () => this.#draw());
    store.subscribe(["solo"], () => pressed(solo, store.get("solo")));
    pressed(solo, store.get("solo"));
    this.#draw();
  }

  /** Let the person type a new name. @param {number} id */
  rename(id) {
    this.#renaming = id;
    this.#draw();
    const input = /** @type {HTMLInputElement | null} */ (this.list.querySelector("input[type=text]"));
    input?.focus();
    input?.select();
  }

  #draw() {
    if (this.#renaming !== null && this.list.querySelector("input[type=text]")) return; // somebody is typing
    const { objects } = this.store.get("doc");
    const focus = this.#focused();
    this.list.replaceChildren(this.#backgroundRow(), ...objects.map((each, i) => this.#row(each, i + 1)));
    if (focus) /** @type {HTMLElement | null} */ (this.list.querySelector(focus))?.focus();
  }

  /** A selector of the control that has the focus, to give it back after redrawing. */
  #focused() {
    const at = document.activeElement;
    if (!(at instanceof HTMLElement) || !this.list.contains(at) || !at.dataset.control) return null;
    return `[data-object="${at.closest("li")?.dataset.object}"] [data-control="${at.dataset.control}"]`;
  }

  #backgroundRow() {
    const on = this.store.get("tool") === "background";
    const choose = el(
      "button",
      { type: "button", class: "object-choose", data: { control: "choose" }, "aria-pressed": String(on) },
      el("span", { class: "object-name", text: t("objects.background") }),
    );
    choose.addEventListener("click", () => this.store.set({ tool: "background", result: false }));
    tip(choose, t("action.background"), ["n"]);
    return el("li", { class: on ? "object on" : "object", data: { object: 0 } }, el("span", { class: "swatch background" }), choose);
  }

  /** @param {ObjectState} object @param {number} number */
  #row(object, number) {
    const { editor, store } = this;
    const on = store.get("object") === object.id && store.get("tool") !== "background";
    const name = nameOf(object);
    /** @param {Partial<ObjectState>} values */
    const change = (values) => editor.changeObject(object.id, values);
    const color = el("input", { type: "color", class: "swatch", value: object.color, data: { control: "color" } });
    color.addEventListener("change", () => change({ color: color.value }));
    tip(color, t("objects.color", { name }));
    /** @param {string} kind @param {string} iconName @param {string} text @param {() => void} run */
    const control = (kind, iconName, text, run) => {
      const button = iconButton(iconName, text, run, { class: "small" });
      button.dataset.control = kind;
      return button;
    };
    const rename = control("rename", "pencil", t("objects.rename", { name }), () => this.rename(object.id));
    const hide = control("hide", object.hidden ? "eyeOff" : "eye", t(object.hidden ? "objects.show" : "objects.hide", { name }), () =>
      change({ hidden: !object.hidden }),
    );
    const lock = control("lock", object.locked ? "lock" : "unlock", t(object.locked ? "objects.unlock" : "objects.lock", { name }), () =>
      change({ locked: !object.locked }),
    );
    const remove = control("remove", "trash", t("objects.remove", { name }), () => editor.removeObject(object.id));
    const shown = shownObjects(store).includes(object);
    pressed(hide, object.hidden);
    pressed(lock, object.locked);
    const classes = ["object", on && "on", !shown && "hidden-object", object.locked && "locked"];
    return el(
      "li",
      { class: classes.filter(Boolean).join(" "), data: { object: object.id } },
      color,
      this.#renaming === object.id ? this.#nameInput(object) : this.#chooser(object, number, on),
      rename,
      hide,
      lock,
      remove,
    );
  }

  /** @param {ObjectState} object @param {number} number @param {boolean} on */
  #chooser(object, number, on) {
    const choose = el(
      "button",
      { type: "button", class: "object-choose", data: { control: "choose" }, "aria-pressed": String(on) },
      el("span", { class: "object-name", text: nameOf(object) }),
      number <= 9 ? el("kbd", { text: String(number), "aria-hidden": "true" }) : null,
    );
    choose.addEventListener("click", () => this.editor.selectObject(object.id));
    choose.addEventListener("dblclick", () => this.rename(object.id));
    return tip(choose, t("objects.choose", { name: nameOf(object) }));
  }

  /** @param {ObjectState} object */
  #nameInput(object) {
    const input = el("input", { type: "text", value: nameOf(object), maxlength: 60 });
    let done = false;
    /** @param {boolean} keep */
    const finish = (keep) => {
      if (done) return;
      done = true;
      this.#renaming = null;
      const name = input.value.trim();
      if (keep && name && name !== nameOf(object)) this.editor.changeObject(object.id, { name });
      this.#draw();
    };
    input.addEventListener("blur", () => finish(true));
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === "Escape") finish(event.key === "Enter");
    });
    return tip(input, t("objects.name"), ["Enter"]);
  }
}
