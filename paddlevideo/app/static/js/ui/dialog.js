// A dialog with a title and a way to close it; the browser keeps the focus inside and gives it back.

import { iconButton } from "./controls.js";
import { byId, el } from "./dom.js";
import { t } from "./i18n.js";

/**
 * Open a dialog. Returns the element; `closed` is called when it is gone.
 * @param {string} title
 * @param {(Node | null)[]} content
 * @param {{class?: string, closed?: () => void}} options
 */
export function openDialog(title, content, { class: extra = "", closed = () => {} } = {}) {
  const heading = el("h2", { text: title, id: "dialog-title" });
  const dialog = el("dialog", { class: `dialog ${extra}`, "aria-labelledby": "dialog-title" });
  const close = iconButton("close", t("dialog.close"), () => dialog.close());
  const toasts = byId("toasts"); // in the dialog while it is open: it covers all outside of it
  dialog.append(el("header", {}, heading, close), el("div", { class: "dialog-body" }, ...content), toasts);
  dialog.addEventListener("close", () => {
    document.body.append(toasts);
    dialog.remove();
    closed();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close()); // beside it
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
