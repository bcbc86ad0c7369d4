// Short messages at the picture's foot: what went wrong, and what to do about it.

import { iconButton, tip } from "./controls.js";
import { byId, el } from "./dom.js";
import { errorText, t } from "./i18n.js";

const STAYS = 7000; // ms
const MOST = 3;

/**
 * Show a message.
 * @param {string} text
 * @param {{kind?: "info"|"error", action?: {text: string, tip: string, run: () => void} | null, stays?: boolean}} options
 *   a message with an action is there for longer, one that `stays` until somebody closes it
 */
export function toast(text, { kind = "info", action = null, stays = false } = {}) {
  const box = byId("toasts");
  const message = el("div", { class: stays ? `toast stays ${kind}` : `toast ${kind}` }, el("p", { text }));
  const remove = () => message.remove();
  if (action) {
    const run = () => {
      remove();
      action.run();
    };
    const button = el("button", { type: "button", class: "text-button", text: action.text, on: { click: run } });
    message.append(tip(button, action.tip));
  }
  message.append(iconButton("close", t("toast.close"), remove, { class: "small" }));
  const passing = box.querySelectorAll(".toast:not(.stays)");
  if (box.childElementCount >= MOST) passing[0]?.remove();
  box.append(message);
  if (!stays) setTimeout(remove, action ? 2 * STAYS : STAYS);
}

/** Take all messages away: they are of a page that is left. */
export function clearToasts() {
  byId("toasts").replaceChildren();
}

/** Show an error in plain words. @param {Failure} error @param {Parameters<typeof toast>[1]} options */
export const toastError = (error, options = {}) => toast(errorText(error), { kind: "error", ...options });
