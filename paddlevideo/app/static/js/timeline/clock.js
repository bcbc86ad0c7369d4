// The frame that is shown and its time; a click lets a person type another one.

import { tip } from "../ui/controls.js";
import { el } from "../ui/dom.js";
import { formatTime, t } from "../ui/i18n.js";
import { toast } from "../ui/toasts.js";

/** @param {EditorStore} store @param {Actions} actions */
export function buildClock(store, actions) {
  const show = el("button", { type: "button", class: "clock", on: { click: () => actions.goTo.run() } });
  const input = el("input", { type: "text", class: "clock-input", hidden: true, "aria-label": t("clock.type") });
  show.dataset.action = "goTo";
  tip(show, t("action.goTo"), actions.goTo.keys);
  tip(input, t("clock.type"));
  const update = () => {
    const { video } = store.get("doc");
    const frame = store.get("frame");
    const time = el("small", { text: formatTime(frame / video.rate) });
    show.replaceChildren(el("b", { text: String(frame + 1) }), ` / ${video.frames}`, time);
  };
  /** @param {boolean} on */
  const type = (on) => {
    input.hidden = !on;
    show.hidden = on;
  };
  const go = () => {
    const { video } = store.get("doc");
    const frame = typedFrame(input.value, video);
    if (frame === null) toast(t("clock.wrong", { frames: video.frames }));
    else if (frame !== store.get("frame")) actions.goTo.run(frame);
  };
  input.addEventListener("blur", () => type(false));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") go();
    if (event.key === "Enter" || event.key === "Escape") input.blur();
  });
  store.subscribe(["doc", "frame"], update);
  update();
  const element = el("div", { class: "clock-place" }, show, input);
  element.addEventListener("type", () => {
    type(true);
    input.value = String(store.get("frame") + 1);
    input.focus();
    input.select();
  });
  return element;
}

/**
 * The frame that was typed: its number from 1, a time such as 0:02.5, or seconds such as 2.5 s; null for anything else.
 * @param {string} text
 * @param {VideoFacts} video
 */
export function typedFrame(text, { frames, rate }) {
  const number = text.trim().match(/^\d+$/);
  const time = text.trim().match(/^(?:(\d+):)?(\d+(?:[.,]\d+)?)\s*s?$/);
  if (!number && !time) return null;
  const seconds = time ? 60 * Number(time[1] ?? 0) + Number(time[2].replace(",", ".")) : 0;
  const frame = number ? Number(number[0]) - 1 : Math.round(seconds * rate);
  return frame >= 0 && frame < frames ? frame : null;
}
