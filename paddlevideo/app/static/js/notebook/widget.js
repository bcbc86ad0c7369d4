// The scribble widget of a notebook: the page's picture and pointer, with the kernel in place of the server.

import { adoptDocument, editorStore } from "../editor/store.js";
import { Picture } from "../picture/picture.js";
import { Pointer } from "../picture/pointer.js";
import { strokeOf } from "../picture/strokes.js";
import { iconButton, pressed, slider } from "../ui/controls.js";
import { el } from "../ui/dom.js";
import { giveWords, t } from "../ui/i18n.js";
import { keep } from "./pictures.js";

const TOOLS = /** @type {const} */ (["brush", "background", "pan"]);
const BRUSH = 0.008; // of the picture's width

class Widget {
  #numbers = 0;
  /** @type {number[]} the revision of each frame's mask that the kernel sent; 0: none */
  #masks;

  /** @param {NotebookModel} model */
  constructor(model) {
    this.model = model;
    const { video } = model.get("document");
    this.#masks = new Array(video.frames).fill(0);
    this.store = editorStore(this.#document());
    this.store.set({ frame: -1 }); // none has come yet
    this.picture = new Picture(this.store);
    this.picture.element.style.aspectRatio = `${video.width} / ${video.height}`;
    this.pointer = new Pointer(this.picture, this.store, this.#actions());
    this.line = el("p", { class: "line", role: "status" });
    this.number = el("output");
    this.slider = slider(t("notebook.frame"), { min: 0, max: video.frames - 1, step: 1, value: 0 }, (frame) => this.#ask(frame));
    this.element = el("div", { class: "manet-widget" }, this.#tools(), this.picture.element, this.#below(), this.line);
    this.hear = {
      document: () => this.#take(),
      /** @param {KernelMessage} message @param {DataView[]} pictures */
      message: (message, pictures) => this.#told(message, pictures),
    };
    model.on("change:document", this.hear.document);
    model.on("msg:custom", this.hear.message);
    this.#ask(0);
  }

  close() {
    this.model.off("change:document", this.hear.document);
    this.model.off("msg:custom", this.hear.message);
    this.picture.close();
  }

  #tools() {
    const { store } = this;
    const buttons = TOOLS.map((tool) => {
      const button = iconButton(tool, t(`action.${tool}`), () => store.set({ tool }));
      button.title = t(`action.${tool}`);
      button.dataset.tool = tool;
      return button;
    });
    const mark = () => buttons.forEach((button) => pressed(button, button.dataset.tool === store.get("tool")));
    store.subscribe(["tool"], mark);
    mark();
    const objects = el("select", { "aria-label": t("notebook.object") });
    for (const { id } of store.get("doc").objects) objects.append(el("option", { value: id, text: t("objects.default", { number: id }) }));
    objects.addEventListener("change", () => store.set({ object: Number(objects.value) }));
    const size = slider(t("rail.size"), { min: 0.002, max: 0.1, step: 0.001, value: BRUSH }, (brush) => store.set({ brush }));
    const undo = iconButton("undo", t("action.undoRound"), () => this.#send({ kind: "undo" }));
    undo.title = t("action.undoRound");
    return el("div", { class: "row" }, ...buttons, objects, size, undo);
  }

  #below() {
    const run = () => this.#send({ kind: "propagate" });
    const button = el("button", { type: "button", class: "propagate", text: t("notebook.propagate"), on: { click: run } });
    return el("div", { class: "row" }, this.slider, this.number, button);
  }

  /** What the pointer does to strokes; those that are drawn are shown until the kernel has answered. @returns {StrokeActions} */
  #actions() {
    const stroke = (/** @type {Drawing} */ { points, object, frame }) => {
      const { video } = this.store.get("doc");
      const drawn = { frame, object_id: object, ...strokeOf(points, this.picture.radius(), video) };
      const key = `pending-${(this.#numbers += 1)}`;
      this.store.set({ pending: [...this.store.get("pending"), { key, ...drawn }] });
      this.#send({ kind: "stroke", ...drawn });
    };
    return {
      begin: (point) => {
        const frame = this.picture.here();
        const object = this.store.get("tool") === "background" ? 0 : this.store.get("object");
        return frame === null ? null : { points: [point], object, frame };
      },
      stroke,
      minus: (point) => {
        const frame = this.picture.here();
        if (frame !== null) stroke({ points: [point], object: 0, frame });
      },
      erase: async () => this.store.set({ erasing: new Set() }), // a round is taken back as a whole
      eraseAt: () => {},
    };
  }

  /** @param {object} message */
  #send(message) {
    this.line.textContent = "";
    this.model.send(message);
  }

  /** Ask for a frame; it is shown when it has come. @param {number} frame */
  #ask(frame) {
    this.model.send({ kind: "frame", frame });
  }

  /** What a server would answer. @returns {ProjectAnswer} */
  #document() {
    return { ...this.model.get("document"), frames: { masks: this.#masks, state: "", changed: [] } };
  }

  #take() {
    adoptDocument(this.store, this.#document());
    this.store.set({ pending: [] });
  }

  /** @param {KernelMessage} message @param {DataView[]} pictures */
  #told(message, pictures) {
    if (message.kind === "error") {
      this.store.set({ pending: [] });
      this.line.textContent = message.message;
    } else if (message.kind === "progress") {
      this.line.textContent = message.done < message.total ? t("notebook.progress", message) : "";
    } else {
      const { frame, revision } = message;
      keep(this.store.get("doc").id, frame, pictures);
      this.#masks[frame] = revision;
      this.slider.value = String(frame);
      this.number.textContent = `${frame} / ${this.#masks.length - 1}`;
      this.store.set({ frame });
      this.store.touch("masks");
    }
  }
}

/** @param {{model: NotebookModel, el: HTMLElement}} given */
function render({ model, el: root }) {
  giveWords(model.get("words"));
  const widget = new Widget(model);
  root.append(widget.element);
  return () => widget.close();
}

export default { render };
