// Short messages at the picture's foot: what went wrong, and what to do about it.

import { iconButton, tip } from "./controls.js";
import { byId, el } from "./dom.js";
import { errorText, t } from "./i18n.js";

const STAYS = 7000; // ms
const MOST = 3;

/**
 * Show a message.
 * @param {string} text
 * @param {{kind?: "info"|"error", action?: {text: string, tip: string, run: () => void} | null}} options
 *   a message with an action stays longer
 */
export function toast(text, { kind = "info", action = null } = {}) {
  const box = byId("toasts");
  const message = el("div", { class: `toast ${kind}` }, el("p", { text }));
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
  while (box.childElementCount >= MOST) box.firstElementChild?.remove();
  box.append(message);
  setTimeout(remove, action ? 2 * STAYS : STAYS);
}

/** Show an error in plain words. @param {Failure} error @param {Parameters<typeof toast>[1]} options */
export const toastError = (error, options = {}) => toast(errorText(error), { kind: "error", ...options });
