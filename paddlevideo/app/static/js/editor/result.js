// Looking at the result in place of drawing: the switch, and the panel that says how it is shown and with which edges.

import { pressed, slider, tip } from "../ui/controls.js";
import { clamp, el } from "../ui/dom.js";
import { t } from "../ui/i18n.js";

/** @type {Look[]} */
export const LOOKS = ["mask", "outline", "cutout", "matte", "original"];
/** @type {Ground[]} */
const GROUNDS = ["checker", "black", "white"];
const MOST = 100; // px, as paddlevideo/writers/edges.py has it

/** Edit or result. @param {EditorStore} store @param {Actions} actions @returns {HTMLElement} */
export function buildSwitch(store, actions) {
  const buttons = [false, true].map((result) => {
    const name = result ? "result" : "edit";
    const run = () => store.get("result") !== result && actions.result.run();
    const button = el("button", { type: "button", text: t(`result.${name}`), on: { click: run }, data: { view: name } });
    return tip(button, t(`result.${name}Tip`), actions.result.keys);
  });
  const update = () => buttons.forEach((button, i) => pressed(button, store.get("result") === (i === 1)));
  store.subscribe(["result"], update);
  update();
  return el("div", { class: "segments", role: "group", "aria-label": t("result.switch") }, ...buttons);
}

/** @param {EditorStore} store @returns {HTMLElement} */
export function buildResult(store) {
  const looks = choices(store, "look", LOOKS, (name) => el("button", { type: "button", text: t(`look.${name}`) }));
  const grounds = choices(store, "ground", GROUNDS, (name) => el("button", { type: "button" }, el("i", { class: `ground ${name}` })));
  const edges = el("div", { class: "edges", role: "group", "aria-label": t("edge.label") });
  const reset = el("button", { type: "button", class: "text-button", text: t("edge.resetShort") });
  reset.addEventListener("click", () => store.set({ grow: 0, feather: 0 }));
  edges.append(edgeControl(store, "grow", -MOST), edgeControl(store, "feather", 0));
  const panel = el(
    "section",
    { class: "result-panel", "aria-label": t("result.label") },
    el("header", {}, el("h2", { text: t("result.result") })),
    looks,
    grounds,
    el("header", {}, el("h2", { text: t("edge.label") }), tip(reset, t("edge.reset"))),
    edges,
  );
  const update = () => {
    const { result, look, grow, feather } = store.values;
    panel.hidden = !result;
    grounds.hidden = look !== "cutout";
    reset.hidden = !grow && !feather;
  };
  store.subscribe(["result", "look", "grow", "feather"], update);
  update();
  return panel;
}

/**
 * Buttons of which one is on.
 * @template {"look" | "ground"} Key
 * @param {EditorStore} store @param {Key} key @param {EditorValues[Key][]} names
 * @param {(name: EditorValues[Key]) => HTMLButtonElement} make
 */
function choices(store, key, names, make) {
  const buttons = names.map((name) => {
    const button = tip(make(name), t(`${key}.${name}Tip`));
    button.dataset[key] = name;
    button.addEventListener("click", () => store.set({ [key]: name }));
    return button;
  });
  const update = () => buttons.forEach((button, i) => pressed(button, store.get(key) === names[i]));
  store.subscribe([key], update);
  update();
  return el("div", { class: "segments", role: "group", "aria-label": t(`${key}.label`) }, ...buttons);
}

/** A slider, and its number to type. @param {EditorStore} store @param {"grow" | "feather"} key @param {number} least */
function edgeControl(store, key, least) {
  const set = (/** @type {number} */ value) => store.set({ [key]: clamp(Math.round(value) || 0, least, MOST) });
  // Finer where little is changed, which is what most edges need.
  const range = slider(t(`edge.${key}Tip`), { min: least < 0 ? -1 : 0, max: 1, step: 0.01 }, (at) => set(Math.sign(at) * MOST * at * at));
  const number = el("input", { type: "number", class: "line-width", min: least, max: MOST, step: 1 });
  tip(number, t(`edge.${key}Tip`));
  for (const each of [range, number]) each.setAttribute("aria-label", t(`edge.${key}`));
  number.addEventListener("change", () => {
    set(Number(number.value));
    update();
  });
  const update = () => {
    const value = store.get(key);
    const shown = Math.sign(Number(range.value)) * MOST * Number(range.value) ** 2;
    if (Math.round(shown) !== value) range.value = String(Math.sign(value) * Math.sqrt(Math.abs(value) / MOST));
    range.setAttribute("aria-valuetext", t("rail.pixels", { pixels: value }));
    number.value = String(value);
  };
  store.subscribe([key], update);
  update();
  return el("div", { class: "edge", data: { edge: key } }, el("span", { text: t(`edge.${key}`) }), number, el("span", { text: t("touch.pixels") }), range);
}
