// The list of shortcuts, made from the actions themselves, and the way to the HTTP interface's description.

import { GROUPS } from "./actions.js";
import { tip } from "./controls.js";
import { openDialog } from "./dialog.js";
import { el } from "./dom.js";
import { t } from "./i18n.js";
import { readable } from "./shortcuts.js";

/** @param {object} actions see editorActions */
export function openHelp(actions) {
  const extra = {
    objects: [["1 – 9", t("help.select")]],
    draw: [["Alt ← ↑ ↓ →", t("help.keyboardBrush")], ["Enter", t("help.keyboardStroke")]],
    view: [[t("key.wheel"), t("help.wheel")], [t("key.middle"), t("help.middle")], [t("key.fingers"), t("help.fingers")]],
  };
  const groups = GROUPS.map((group) => {
    const own = Object.entries(actions).filter(([, action]) => action.group === group && action.keys.length);
    const rows = own.map(([name, action]) => [action.keys.map(readable).join(" , "), t(`action.${name}`)]);
    const lines = [...rows, ...(extra[group] ?? [])].flatMap(([keys, text]) => [
      el("dt", {}, el("kbd", { text: keys })),
      el("dd", { text }),
    ]);
    return el("section", {}, el("h3", { text: t(`group.${group}`) }), el("dl", {}, ...lines));
  });
  const link = el("a", { href: "api/docs", target: "_blank", text: t("help.api") });
  const content = [el("div", { class: "shortcut-groups" }, ...groups), el("p", {}, tip(link, t("help.apiTip")))];
  const dialog = openDialog(t("help.title"), content, { class: "wide" });
  dialog.addEventListener("keydown", (event) => event.key === "?" && dialog.close());
}
