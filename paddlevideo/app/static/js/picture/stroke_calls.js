// Strokes on their way to the server: shown at once, answered by the frame's mask.

import * as api from "../net/api.js";
import { t } from "../ui/i18n.js";
import { linePoints, nearestStroke, strokeOf } from "./strokes.js";
import { toast } from "../ui/toasts.js";

export class Strokes {
  #numbers = 0;

  /**
   * @param {EditorStore} store
   * @param {import("../editor/commands.js").Commands} commands
   * @param {import("./picture.js").Picture} picture
   * @param {import("../editor/job.js").JobControl} job
   */
  constructor(store, commands, picture, job) {
    this.store = store;
    this.commands = commands;
    this.picture = picture;
    this.job = job;
  }

  /**
   * A stroke that begins at `point` (picture pixels), null where none may.
   * @param {Point} point
   * @param {boolean} other the mask brush does the other of painting and taking away
   * @returns {Drawing | null}
   */
  begin(point, other = false) {
    const { store } = this;
    if (store.get("playing") || (this.job.propagating && this.job.following && !store.get("job")?.paused)) {
      store.set({ playing: false });
      this.job.stay(); // the picture runs: the first touch stops it, so that nobody draws on the wrong frame
      return null;
    }
    const frame = this.picture.here();
    if (frame === null) {
      toast(t("stroke.notHere"));
      return null;
    }
    const object = store.get("tool") === "background" ? 0 : this.#chosen();
    if (object === null) return null;
    const { tool, line, hardness, out } = store.values;
    if (tool === "box") return { points: [point, point], object, frame, box: true };
    if (tool === "mask") return { points: [point], object, frame, mask: { width: line, hardness: hardness / 100, out: out !== other } };
    api.hold(store.get("doc").id, frame).catch(() => {}); // it only saves time
    return { points: [point], object, frame };
  }

  #chosen() {
    const object = this.store.get("doc").objects.find((each) => each.id === this.store.get("object"));
    if (!object) toast(t("stroke.noObject"));
    else if (object.locked) toast(t("stroke.locked"));
    return object && !object.locked ? object.id : null;
  }

  /** Send what was drawn. @param {Drawing} drawing */
  stroke({ points: drawn, object, frame, mask, box }) {
    if (mask) {
      this.#paint(drawn, { frame, object_id: object, ...mask });
      return;
    }
    if (box) {
      this.#box(drawn, { frame, object_id: object });
      return;
    }
    this.#send({ frame, object_id: object, ...strokeOf(drawn, this.picture.radius(), this.store.get("doc").video) });
  }

  /**
   * Take strokes back by their keys; `refused` of those hit are part of a propagation.
   * @param {string[]} keys
   */
  async erase(keys, refused = 0) {
    if (keys.length) {
      const answer = await this.commands.run((id, revision) => api.eraseStrokes(id, revision, keys));
      if (answer) this.takeMask(answer);
    } else if (refused) toast(t("stroke.propagated"));
    this.store.set({ erasing: new Set() });
  }

  /** @param {Point} point */
  eraseAt(point) {
    const { rounds, strokes, video } = this.store.get("doc");
    const there = strokes.filter((each) => each.frame === this.picture.here());
    const hit = nearestStroke(there, point, this.picture.radius(), video);
    const past = rounds.some((each) => each.number === hit?.round && each.propagated);
    this.erase(hit && !past ? [hit.key] : [], Number(past));
  }

  /** Keep the mask of an answer, so that it shows without another request. @param {ProjectAnswer} answer */
  takeMask({ frame, mask, frames }) {
    if (frame === undefined || !mask) return;
    this.picture.overlays.give(frame, frames.masks[frame], mask);
    this.picture.draw();
  }

  /** A click of the background (the right button). @param {Point} point */
  minus(point) {
    const frame = this.picture.here();
    if (frame === null) toast(t("stroke.notHere"));
    else this.stroke({ points: [point], object: 0, frame });
  }

  /**
   * Draw strokes of a box.
   * @param {Point[]} corners in picture pixels
   * @param {{frame: number, object_id: number}} of
   */
  async #box(corners, of) {
    const again = () => this.#box(corners, of);
    const between = linePoints(corners, this.store.get("doc").video);
    if (between.length < 2 || Math.abs(corners[0][0] - corners[1][0]) < 2 || Math.abs(corners[0][1] - corners[1][1]) < 2) {
      toast(t("stroke.smallBox"));
      return;
    }
    const answer = await this.commands.run((id, revision) => api.addBox(id, revision, { ...of, corners: between }), again);
    if (answer) this.takeMask(answer);
  }

  /**
   * Change the mask's own pixels along a line.
   * @param {Point[]} drawn
   * @param {{frame: number, object_id: number, width: number, hardness: number, out: boolean}} line
   */
  async #paint(drawn, line) {
    const points = linePoints(drawn, this.store.get("doc").video);
    const again = () => this.#paint(drawn, line);
    const answer = await this.commands.run((id, revision) => api.paint(id, revision, { ...line, points }), again);
    if (answer) this.takeMask(answer);
  }

  /** @param {NewStroke} stroke */
  async #send(stroke) {
    const key = `pending-${(this.#numbers += 1)}`;
    this.store.set({ pending: [...this.store.get("pending"), { key, ...stroke }] });
    performance.mark("stroke-sent");
    const again = () => this.#send(stroke);
    const answer = await this.commands.run((id, revision) => api.addStroke(id, revision, stroke), again);
    this.store.set({ pending: this.store.get("pending").filter((each) => each.key !== key) });
    if (answer) this.takeMask(answer);
  }
}
