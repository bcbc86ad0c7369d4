// All that a person can do in the editor, by name: the buttons, the keys and the list of shortcuts come from here.

import { clamp } from "../ui/dom.js";
import { moveSpan } from "../timeline/input.js";
import { LOOKS } from "./result.js";
import { WIDEST } from "./touch_up.js";

export const GROUPS = ["draw", "objects", "view", "video", "propagate", "project"];

/** @typedef {import("./editor.js").Editor} Editor */

/** @param {Editor} editor @returns {Actions} */
export function editorActions(editor) {
  const { store } = editor;
  return {
    ...drawing(editor, store),
    ...objectActions(editor, store),
    ...viewing(editor, store),
    ...moving(editor, store),
    propagate: { group: "propagate", keys: ["p"], run: () => editor.job.go() },
    cancel: { group: "propagate", keys: ["c"], run: () => editor.job.cancel() },
    spanIn: { group: "propagate", keys: ["i"], run: () => moveSpan(store, "in", store.get("frame")) },
    spanOut: { group: "propagate", keys: ["o"], run: () => moveSpan(store, "out", store.get("frame")) },
    spanClear: { group: "propagate", keys: ["x"], run: () => store.set({ span: null }) },
    follow: { group: "propagate", keys: ["l"], run: () => editor.job.toggleFollow() },
    export: { group: "project", keys: ["Shift+e"], run: () => editor.openExport() },
    help: { group: "project", keys: ["?"], run: () => editor.openHelp() },
    home: { group: "project", keys: [], run: () => (location.hash = "#/") },
  };
}

/** @param {EditorStore} store @param {"outline" | "strokesShown" | "playing" | "result" | "solo"} key */
const toggle = (store, key) => store.set({ [key]: !store.get(key) });

/** @param {Editor} editor @param {EditorStore} store @returns {Actions} */
function drawing(editor, store) {
  /** @param {Tool} name */
  const tool = (name) => () => store.set({ tool: name, result: false });
  /** @param {number} factor */
  const size = (factor) => () => {
    const line = store.get("line");
    const wider = factor > 1 ? Math.ceil(line * factor) : Math.floor(line * factor);
    if (store.get("tool") === "mask") store.set({ line: clamp(wider, 1, WIDEST) });
    else store.set({ brush: clamp(store.get("brush") * factor, 0.002, 0.1) });
  };
  return {
    brush: { group: "draw", keys: ["b"], run: tool("brush") },
    background: { group: "draw", keys: ["n", "0"], run: tool("background") },
    box: { group: "draw", keys: ["r"], run: tool("box") },
    mask: { group: "draw", keys: ["m"], run: tool("mask") },
    maskOut: { group: "draw", keys: ["Shift+m"], run: () => store.set({ tool: "mask", out: !store.get("out"), result: false }) },
    eraser: { group: "draw", keys: ["e"], run: tool("eraser") },
    pan: { group: "draw", keys: ["h"], run: tool("pan") },
    smaller: { group: "draw", keys: ["["], run: size(1 / 1.25), repeats: true },
    larger: { group: "draw", keys: ["]"], run: size(1.25), repeats: true },
    undo: { group: "draw", keys: ["Ctrl+z"], run: () => editor.undo() },
    redo: { group: "draw", keys: ["Ctrl+Shift+z", "Ctrl+y"], run: () => editor.redo() },
    undoRound: { group: "draw", keys: ["u"], run: () => editor.undo(true) },
    redoRound: { group: "draw", keys: ["Shift+u"], run: () => editor.redo(true) },
    drop: { group: "draw", keys: ["Escape"], run: () => editor.dropStroke() },
  };
}

/** @param {Editor} editor @param {EditorStore} store @returns {Actions} */
function objectActions(editor, store) {
  /** @param {"hidden" | "locked"} key */
  const flip = (key) => () => {
    const object = store.get("doc").objects.find((each) => each.id === store.get("object"));
    if (object) editor.changeObject(object.id, { [key]: !object[key] });
  };
  return {
    addObject: { group: "objects", keys: ["a"], run: () => editor.addObject() },
    hideObject: { group: "objects", keys: ["Shift+h"], run: flip("hidden") },
    lockObject: { group: "objects", keys: ["Shift+l"], run: flip("locked") },
    solo: { group: "objects", keys: ["Shift+s"], run: () => toggle(store, "solo") },
    renameObject: { group: "objects", keys: ["F2"], run: () => editor.objects.rename(store.get("object")) },
    absent: { group: "objects", keys: ["Shift+x"], run: () => editor.clean("absent") },
    holes: { group: "objects", keys: ["Shift+f"], run: () => editor.clean("holes") },
    islands: { group: "objects", keys: ["Shift+i"], run: () => editor.clean("islands") },
    removeObject: { group: "objects", keys: ["Shift+Delete"], run: () => editor.removeObject(store.get("object")) },
  };
}

/** @param {Editor} editor @param {EditorStore} store @returns {Actions} */
function viewing(editor, store) {
  /** @param {number} step */
  const opacity = (step) => () => store.set({ opacity: clamp(store.get("opacity") + step, 0, 1) });
  /** @param {(view: import("../picture/view.js").View) => void} work */
  const view = (work) => () => {
    work(editor.picture.view);
    editor.picture.viewChanged();
  };
  /** What a zoom leaves where it is: what is under the pointer, else the middle. @returns {Point | []} */
  const place = () => editor.picture.pointer ?? [];
  const nextLook = () => {
    const { result, look } = store.values;
    store.set(result ? { look: LOOKS[(LOOKS.indexOf(look) + 1) % LOOKS.length] } : { result: true });
  };
  return {
    result: { group: "view", keys: ["q"], run: () => toggle(store, "result") },
    nextLook: { group: "view", keys: ["Shift+q"], run: nextLook },
    outline: { group: "view", keys: ["v"], run: () => toggle(store, "outline") },
    fainter: { group: "view", keys: [","], run: opacity(-0.1), repeats: true },
    stronger: { group: "view", keys: ["."], run: opacity(0.1), repeats: true },
    strokes: { group: "view", keys: ["s"], run: () => toggle(store, "strokesShown") },
    zoomIn: { group: "view", keys: ["+", "="], run: view((each) => each.zoom(1.4, ...place())), repeats: true },
    zoomOut: { group: "view", keys: ["-"], run: view((each) => each.zoom(1 / 1.4, ...place())), repeats: true },
    fit: { group: "view", keys: ["f"], run: view((each) => each.fit()) },
  };
}

/** @param {Editor} editor @param {EditorStore} store @returns {Actions} */
function moving(editor, store) {
  /** @param {number} frames */
  const step = (frames) => () => editor.seek(store.get("frame") + frames);
  const last = () => store.get("doc").video.frames - 1;
  return {
    play: { group: "video", keys: [" "], run: () => toggle(store, "playing") },
    previous: { group: "video", keys: ["ArrowLeft"], run: step(-1), repeats: true },
    next: { group: "video", keys: ["ArrowRight"], run: step(1), repeats: true },
    back: { group: "video", keys: ["Shift+ArrowLeft"], run: step(-10), repeats: true },
    forward: { group: "video", keys: ["Shift+ArrowRight"], run: step(10), repeats: true },
    first: { group: "video", keys: ["Home"], run: () => editor.seek(0) },
    last: { group: "video", keys: ["End"], run: () => editor.seek(last()) },
    previousMark: { group: "video", keys: ["PageUp"], run: () => editor.seekMark(-1) },
    nextMark: { group: "video", keys: ["PageDown"], run: () => editor.seekMark(1) },
    goTo: { group: "video", keys: ["g"], run: (frame) => (frame === undefined ? editor.typeFrame() : editor.seek(frame)) },
    jump: { group: "video", keys: ["j"], run: () => editor.seekMostChanged() },
    timelineIn: { group: "video", keys: ["Shift+ArrowUp"], run: () => editor.timeline.zoom(1.4), repeats: true },
    timelineOut: { group: "video", keys: ["Shift+ArrowDown"], run: () => editor.timeline.zoom(1 / 1.4), repeats: true },
  };
}
