// The bar of the mask brush, over the picture while that tool is chosen: what a line does, its width, and what tidies up.

import { actionButton, pressed, tip } from "../ui/controls.js";
import { clamp, el } from "../ui/dom.js";
import { t } from "../ui/i18n.js";

export const WIDEST = 200; // px

/** @param {EditorStore} store @param {Actions} actions @returns {HTMLElement} */
export function buildTouchUp(store, actions) {
  const width = el("input", { type: "number", class: "line-width", min: 1, max: WIDEST, step: 1, "aria-label": t("touch.width") });
  tip(width, t("touch.width"), ["[ ]"]);
  width.addEventListener("change", () => store.set({ line: clamp(Math.round(Number(width.value)) || 1, 1, WIDEST) }));
  const out = actionButton(actions, "maskOut");
  const bar = el(
    "div",
    { class: "touch-up", role: "group", "aria-label": t("touch.label") },
    out,
    el("label", {}, width, el("span", { text: t("touch.pixels") })),
    actionButton(actions, "absent"),
    actionButton(actions, "holes"),
    actionButton(actions, "islands"),
  );
  const update = () => {
    bar.hidden = store.get("tool") !== "mask" || store.get("result");
    width.value = String(store.get("line"));
    pressed(out, store.get("out"));
  };
  store.subscribe(["tool", "line", "out", "result"], update);
  update();
  return bar;
}
