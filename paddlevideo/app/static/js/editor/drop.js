// Files that are dropped on the picture. A mask is for the frame that is shown, several for the frames they are numbered
// after; the strokes of a scribble file (JSON) are for its own frames.

import * as api from "../net/api.js";
import { dropped } from "../net/upload.js";
import { t } from "../ui/i18n.js";
import { toast } from "../ui/toasts.js";

const MASK = /\.(png|tiff?|bmp|gif)$/i;
const STROKES = /\.json$/i;

/**
 * @param {HTMLElement} element
 * @param {EditorStore} store
 * @param {import("./commands.js").Commands} commands
 * @param {import("../picture/stroke_calls.js").Strokes} strokes
 */
export function attachDrop(element, store, commands, strokes) {
  /** @param {boolean} on */
  const over = (on) => element.classList.toggle("over", on);
  element.addEventListener("dragover", (event) => {
    event.preventDefault();
    over(true);
  });
  element.addEventListener("dragleave", () => over(false));
  element.addEventListener("drop", async (event) => {
    event.preventDefault();
    over(false);
    const given = (await dropped(event.dataTransfer)).map((each) => each.file);
    const files = given.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
    const masks = files.filter((each) => MASK.test(each.name));
    const scribbles = files.filter((each) => STROKES.test(each.name));
    const others = files.length - masks.length - scribbles.length;
    if (others || !files.length) toast(t("drop.others", { others }));
    for (const file of scribbles) await takeStrokes(file);
    if (!masks.length) return;
    const { frame, doc } = store.values;
    const places = masks.length === 1 ? [frame] : numbered(masks.map((each) => each.name), doc.video.frames);
    if (!places) {
      toast(t("drop.numbers", { frames: doc.video.frames }), { kind: "error" });
      return;
    }
    let taken = 0;
    const guesses = new Set(); // of several masks mostly the same
    for (const [i, file] of masks.entries()) {
      const answer = await commands.run((id, revision) => api.giveMask(id, revision, places[i], file));
      if (!answer) break; // what is wrong is said already
      strokes.takeMask(answer);
      for (const { code, message, objects } of answer.guesses ?? []) guesses.add(t(`guess.${code}`, { message, objects }));
      taken += 1;
    }
    for (const each of guesses) toast(each);
    if (taken) toast(t("drop.taken", { taken, masks: masks.length }));
  });

  /** @param {File} file */
  async function takeStrokes(file) {
    const before = new Set(store.get("doc").strokes.map((each) => each.key));
    const answer = await commands.run((id, revision) => api.giveStrokes(id, revision, file));
    if (!answer) return; // what is wrong is said already
    strokes.takeMask(answer);
    const added = answer.strokes.filter((each) => !before.has(each.key));
    const frames = new Set(added.map((each) => each.frame)).size;
    toast(t("drop.strokes", { strokes: added.length, frames }));
  }
}

/**
 * The frames that files are numbered after, from 0 or, where that fits alone, from 1; null where they are not.
 * @param {string[]} names
 * @param {number} frames
 */
export function numbered(names, frames) {
  const numbers = names.map((each) => each.match(/(\d+)\D*$/)?.[1]);
  if (numbers.some((each) => each === undefined) || new Set(numbers.map(Number)).size < numbers.length) return null;
  const [least, most] = [Math.min(...numbers.map(Number)), Math.max(...numbers.map(Number))];
  const first = most === frames && least > 0 ? 1 : 0;
  return most - first < frames ? numbers.map((each) => Number(each) - first) : null;
}
