// The bar of the mask brush, over the picture while that tool is chosen: what a line does, its width and hardness, what tidies up, and to which size.

import { actionButton, pressed, tip } from "../ui/controls.js";
import { clamp, el } from "../ui/dom.js";
import { t } from "../ui/i18n.js";

export const WIDEST = 200; // px
const LARGEST = 1_000_000; // pixels of a hole or an island

/** @param {EditorStore} store @param {Actions} actions @returns {HTMLElement} */
export function buildTouchUp(store, actions) {
  const width = number(store, "line", 1, WIDEST);
  tip(width, t("touch.line"), ["[ ]"]);
  const hardness = tip(number(store, "hardness", 0, 100), t("touch.hardnessTip"));
  const tidy = tip(number(store, "tidy", 1, LARGEST), t("touch.tidy"));
  const out = actionButton(actions, "maskOut");
  const bar = el(
    "div",
    { class: "touch-up", role: "group", "aria-label": t("touch.label") },
    out,
    el("label", {}, width, el("span", { text: t("touch.pixels") })),
    el("label", {}, el("span", { text: t("touch.hardness") }), hardness, el("span", { text: "%" })),
    actionButton(actions, "absent"),
    actionButton(actions, "holes"),
    actionButton(actions, "islands"),
    el("label", {}, tidy, el("span", { text: t("touch.pixels") })),
  );
  const update = () => {
    bar.hidden = store.get("tool") !== "mask" || store.get("result");
    width.value = String(store.get("line"));
    hardness.value = String(store.get("hardness"));
    tidy.value = String(store.get("tidy"));
    pressed(out, store.get("out"));
  };
  store.subscribe(["tool", "line", "hardness", "tidy", "out", "result"], update);
  update();
  return bar;
}

/** A field for a whole number. @param {EditorStore} store @param {"line" | "hardness" | "tidy"} key @param {number} least @param {number} most */
function number(store, key, least, most) {
  const field = el("input", { type: "number", class: "line-width", min: least, max: most, step: 1, "aria-label": t(`touch.${key}`) });
  field.addEventListener("change", () => {
    const typed = field.value === "" ? store.get(key) : Math.round(Number(field.value));
    field.value = String(clamp(typed, least, most));
    store.set({ [key]: Number(field.value) });
  });
  return field;
}
