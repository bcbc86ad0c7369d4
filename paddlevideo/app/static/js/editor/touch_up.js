// The bar of the mask brush, over the picture while that tool is chosen: what a line does, its width, what tidies up, and to which size.

import { actionButton, pressed, tip } from "../ui/controls.js";
import { clamp, el } from "../ui/dom.js";
import { t } from "../ui/i18n.js";

export const WIDEST = 200; // px
const LARGEST = 1_000_000; // pixels of a hole or an island

/** @param {EditorStore} store @param {Actions} actions @returns {HTMLElement} */
export function buildTouchUp(store, actions) {
  const width = number(store, "line", WIDEST);
  tip(width, t("touch.line"), ["[ ]"]);
  const tidy = tip(number(store, "tidy", LARGEST), t("touch.tidy"));
  const out = actionButton(actions, "maskOut");
  const bar = el(
    "div",
    { class: "touch-up", role: "group", "aria-label": t("touch.label") },
    out,
    el("label", {}, width, el("span", { text: t("touch.pixels") })),
    actionButton(actions, "absent"),
    actionButton(actions, "holes"),
    actionButton(actions, "islands"),
    el("label", {}, tidy, el("span", { text: t("touch.pixels") })),
  );
  const update = () => {
    bar.hidden = store.get("tool") !== "mask" || store.get("result");
    width.value = String(store.get("line"));
    tidy.value = String(store.get("tidy"));
    pressed(out, store.get("out"));
  };
  store.subscribe(["tool", "line", "tidy", "out", "result"], update);
  update();
  return bar;
}

/** A field for a number of pixels. @param {EditorStore} store @param {"line" | "tidy"} key @param {number} most */
function number(store, key, most) {
  const field = el("input", { type: "number", class: "line-width", min: 1, max: most, step: 1, "aria-label": t(`touch.${key}`) });
  field.addEventListener("change", () => {
    field.value = String(clamp(Math.round(Number(field.value)) || store.get(key), 1, most));
    store.set({ [key]: Number(field.value) });
  });
  return field;
}
