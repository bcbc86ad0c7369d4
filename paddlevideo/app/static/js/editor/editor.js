// The editor of one project: builds its parts and is what the actions speak to.

import { editorActions } from "./actions.js";
import * as api from "../net/api.js";
import { Commands } from "./commands.js";
import { clamp, el, later } from "../ui/dom.js";
import { listen } from "../net/events.js";
import { buildGhost } from "./first_steps.js";
import { openExport } from "./export.js";
import { openHelp } from "./help.js";
import { t } from "../ui/i18n.js";
import { JobControl } from "./job.js";
import { attachKeyboardBrush } from "../picture/keyboard_brush.js";
import { Objects, nameOf } from "./objects.js";
import { Picture } from "../picture/picture.js";
import { attachPlayback } from "../timeline/playback.js";
import { Pointer } from "../picture/pointer.js";
import { buildRail } from "./rail.js";
import { buildResult } from "./result.js";
import { buildRounds } from "./rounds.js";
import { attachShortcuts } from "../ui/shortcuts.js";
import { editorStore } from "./store.js";
import { Strokes } from "../picture/stroke_calls.js";
import { attachDrop } from "./drop.js";
import { buildTouchUp } from "./touch_up.js";
import { Timeline } from "../timeline/timeline.js";
import { attachTimelineInput } from "../timeline/input.js";
import { toast, toastError } from "../ui/toasts.js";
import { buildTopbar } from "./topbar.js";
import { buildTransport } from "../timeline/transport.js";

/** @type {(keyof KeptSettings & keyof EditorValues)[]} */
const RESULT = ["look", "ground", "grow", "feather", "solo"];
// Of the store, in the project's settings.
/** @type {(keyof KeptSettings & keyof EditorValues)[]} */
const KEPT = ["brush", "line", "hardness", "tidy", "opacity", "outline", "follow", "frame", "tool", "object", "span", ...RESULT];

export class Editor {
  closed = false;

  /** @param {ProjectAnswer} doc @param {() => void} redraw builds the page anew, in another language */
  constructor(doc, redraw) {
    const store = (this.store = editorStore(doc));
    this.commands = new Commands(store, (error, again) => this.#failed(error, again));
    this.job = new JobControl(store, this.commands);
    this.picture = new Picture(store);
    this.strokes = new Strokes(store, this.commands, this.picture, this.job);
    this.pointer = new Pointer(this.picture, store, this.strokes);
    attachKeyboardBrush(this.picture, store, this.strokes);
    attachPlayback(store, this.picture);
    this.actions = editorActions(this);
    this.objects = new Objects(store, this.actions, this);
    this.timeline = new Timeline(store);
    attachTimelineInput(this.timeline, store, (frame) => this.seek(frame));
    this.element = el(
      "div",
      { class: "editor" },
      buildTopbar(store, this.actions, this.commands, async () => {
        await this.keep();
        redraw();
      }),
      buildRail(store, this.actions),
      this.#picturePart(),
      el("aside", { class: "side" }, this.objects.element, buildRounds(store, this.actions, (frame) => this.seek(frame)), buildResult(store)),
      buildTransport(store, this.actions),
      this.timeline.element,
    );
    /** @type {(() => void)[]} */
    this.ends = [this.#listen(doc.id), attachShortcuts(this.actions, (digit) => this.#selectDigit(digit))];
    this.keep = this.#keepSettings();
  }

  close() {
    this.closed = true;
    this.store.set({ playing: false });
    for (const end of this.ends) end();
    this.picture.close();
    this.timeline.close();
  }

  // -------------------------------------------------------------------------------------------------- moving

  /** @param {number} frame */
  seek(frame) {
    this.job.stay();
    this.store.set({ playing: false, frame: clamp(frame, 0, this.store.get("doc").video.frames - 1) });
  }

  /** Let the person type a frame or a time. */
  typeFrame() {
    this.element.querySelector(".clock-place")?.dispatchEvent(new Event("type"));
  }

  /** To the next annotated frame in a direction. @param {1 | -1} direction */
  seekMark(direction) {
    const { doc, pending, frame: here } = this.store.values;
    const annotated = [...doc.strokes, ...pending, ...doc.rounds].map((each) => each.frame);
    const marks = annotated.filter((each) => (each - here) * direction > 0);
    if (marks.length) this.seek(direction > 0 ? Math.min(...marks) : Math.max(...marks));
  }

  /** To the frame that the last propagation changed most. */
  seekMostChanged() {
    const changed = this.store.get("doc").frames.changed.map((each) => each ?? 0);
    const most = changed.reduce((max, each) => Math.max(max, each), 0);
    if (most > 0) this.seek(changed.indexOf(most));
    else toast(t("jump.none"));
  }

  // ------------------------------------------------------------------------------------------------- changes

  /** Take the last step back, or the whole last round. */
  undo(wholeRound = false) {
    const { can_undo: can, rounds } = this.store.get("doc");
    if (wholeRound ? rounds.length : can) this.#step(api.undo, wholeRound);
  }

  redo(wholeRound = false) {
    if (this.store.get("doc").can_redo) this.#step(api.redo, wholeRound);
  }

  /** @param {typeof api.undo} call @param {boolean} wholeRound */
  async #step(call, wholeRound) {
    const answer = await this.commands.run((id, revision) => call(id, revision, wholeRound));
    if (answer) this.strokes.takeMask(answer);
  }

  /** Escape: stop playing, else end the look at the result; a stroke under way is dropped. */
  dropStroke() {
    this.pointer.drop();
    if (this.store.get("playing")) this.store.set({ playing: false });
    else this.store.set({ result: false });
  }

  /** @param {number} id */
  selectObject(id) {
    this.store.set({ object: id });
    if (!this.store.get("result") && ["background", "pan"].includes(this.store.get("tool"))) this.store.set({ tool: "brush" });
  }

  async addObject() {
    const before = new Set(this.store.get("doc").objects.map((each) => each.id));
    const answer = await this.commands.run((id, revision) => api.addObject(id, revision));
    const added = answer?.objects.find((each) => !before.has(each.id));
    if (added) this.selectObject(added.id);
  }

  /** @param {number} object @param {Partial<ObjectState>} change */
  changeObject(object, change) {
    return this.commands.run((id, revision) => api.patchObject(id, revision, object, change));
  }

  /** @param {number} object */
  async removeObject(object) {
    const gone = this.store.get("doc").objects.find((each) => each.id === object);
    if (!gone) return;
    const answer = await this.commands.run((id, revision) => api.removeObject(id, revision, object));
    if (!answer) return;
    const name = nameOf(gone);
    const undo = { text: t("action.undo"), tip: t("objects.bringBack", { name }), run: () => this.undo() };
    toast(t("objects.removed", { name }), { action: undo });
  }

  openExport() {
    this.store.set({ playing: false });
    openExport(this.store, this.job);
  }

  openHelp() {
    openHelp(this.actions);
  }

  /** Change the chosen object's mask on the frame that is shown. @param {"absent" | "holes" | "islands"} what */
  async clean(what) {
    const [object, frame] = [this.store.get("object"), this.picture.here()];
    if (frame === null) {
      toast(t("stroke.notHere"));
      return;
    }
    const change = { frame, object_id: object, what, pixels: this.store.get("tidy") };
    const answer = await this.commands.run((id, revision) => api.clean(id, revision, change));
    if (answer) this.strokes.takeMask(answer);
  }

  // -------------------------------------------------------------------------------------------------- inside

  /** The picture, with the mask brush's bar, on which masks are dropped. */
  #picturePart() {
    const { element } = this.picture;
    element.append(buildTouchUp(this.store, this.actions), buildGhost(this.store));
    this.store.subscribe(["result"], () => element.classList.toggle("result", this.store.get("result")));
    attachDrop(element, this.store, this.commands, this.strokes);
    return element;
  }

  /** @param {number} digit */
  #selectDigit(digit) {
    const object = this.store.get("doc").objects[digit - 1];
    if (object) this.selectObject(object.id);
  }

  /** @param {string} id */
  #listen(id) {
    let lost = false;
    return listen(id, {
      mask: (event) => this.#maskCame(event),
      job: (event) => this.job.jobCame(event),
      document: ({ revision }) => this.commands.follow(revision),
      embedded: (event) => this.#embedded(event),
      warming: ({ done, total }) => this.store.set({ warming: done < total ? { done, total } : null }),
      connected: (up) => {
        if (up && lost) this.commands.reload();
        lost = !up;
        this.store.set({ connected: up, warming: null }); // a stream begins with how far it is
      },
    });
  }

  /** A new mask: while the picture follows, the frame that comes next is fetched already. @param {MaskEvent} event */
  #maskCame(event) {
    const step = event.frame >= this.store.get("frame") ? 1 : -1;
    this.job.maskCame(event);
    if (this.job.following) this.picture.ahead([event.frame + step].filter((each) => this.store.get("doc").frames.state[each]));
  }

  /** Show how far frames are prepared, for as long as the server says so. @param {Progress} progress */
  #embedded({ done, total }) {
    this.store.set({ embedding: done < total ? { done, total } : null });
    this.embeddingOver();
  }

  embeddingOver = later(() => this.store.set({ embedding: null }), 2500);

  /** Keep settings a moment after they changed; the returned function keeps them at once. */
  #keepSettings() {
    /** @param {string} id */
    const keep = (id) => {
      const settings = Object.fromEntries(KEPT.map((key) => [key, this.store.get(key)]));
      return api.patchProject(id, { settings: { ...settings, strokes: this.store.get("strokesShown") } });
    };
    const soon = later(() => this.commands.run(keep, undefined, { quiet: true }), 800);
    // At once: a page that goes does not wait.
    const now = async () => {
      if (soon.cancel()) await keep(this.store.get("doc").id).catch(() => null);
    };
    this.store.subscribe([...KEPT, "strokesShown"], () => {
      if (!this.store.get("playing") && !this.job.following) soon();
    });
    window.addEventListener("pagehide", now);
    this.ends.push(now, () => window.removeEventListener("pagehide", now));
    return now;
  }

  /** @param {Failure} error @param {(() => void)[]} lost what draws again what was lost with it */
  #failed(error, lost) {
    this.store.set({ pending: [], erasing: new Set() });
    const again = lost.length ? () => lost.forEach((each) => each()) : null;
    if (this.closed) return;
    toastError(error, again ? { action: { text: t("stroke.again"), tip: t("stroke.againTip"), run: again }, stays: true } : {});
  }
}
