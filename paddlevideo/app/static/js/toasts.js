// Short messages at the picture's foot: what went wrong, and what to do about it.

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { errorText, t } from "./i18n.js";

const STAYS = 7000; // ms
const MOST = 3;

/**
 * Show a message.
 * @param {string} text
 * @param {{kind?: "info"|"error", action?: {text: string, run: () => void}}} options a message with an action stays longer
 */
export function toast(text, { kind = "info", action = null } = {}) {
  const box = document.getElementById("toasts");
  const close = el("button", { type: "button", class: "icon-button small", "aria-label": t("toast.close") }, icon("close"));
  const message = el("div", { class: `toast ${kind}` }, el("p", { text }));
  const remove = () => message.remove();
  if (action) {
    const run = () => {
      remove();
      action.run();
    };
    message.append(el("button", { type: "button", class: "text-button", text: action.text, on: { click: run } }));
  }
  close.addEventListener("click", remove);
  message.append(close);
  while (box.childElementCount >= MOST) box.firstElementChild.remove();
  box.append(message);
  setTimeout(remove, action ? 2 * STAYS : STAYS);
}

/** Show an error in plain words. */
export const toastError = (error, options = {}) => toast(errorText(error), { kind: "error", ...options });
