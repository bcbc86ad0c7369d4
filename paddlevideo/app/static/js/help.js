// The list of shortcuts, made from the actions themselves.

import { GROUPS } from "./actions.js";
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
  const close = openDialog(t("help.title"), [el("div", { class: "shortcut-groups" }, ...groups)], { class: "wide" });
  close.addEventListener("keydown", (event) => event.key === "?" && close.close());
}
