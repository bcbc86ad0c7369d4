// The list of shortcuts, made from the actions themselves, and the way to the HTTP interface's description.

import { GROUPS } from "./actions.js";
import { tip } from "../ui/controls.js";
import { openDialog } from "../ui/dialog.js";
import { el } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { readable } from "../ui/shortcuts.js";

/** @param {Actions} actions */
export function openHelp(actions) {
  /** @type {Record<string, string[][]>} */
  const extra = {
    objects: [["1 – 9", t("help.select")]],
    draw: [[t("key.right"), t("help.minus")], ["Alt ← ↑ ↓ →", t("help.keyboardBrush")], ["Enter", t("help.keyboardStroke")]],
    view: [[t("key.wheel"), t("help.wheel")], [t("key.middle"), t("help.middle")], [t("key.fingers"), t("help.fingers")]],
  };
  const groups = GROUPS.map((group) => {
    const own = Object.entries(actions).filter(([, action]) => action.group === group && action.keys.length);
    const rows = own.map(([name, action]) => [action.keys.map(readable).join(" , "), t(`action.${name}`)]);
    const lines = [...rows, ...(extra[group] ?? [])].flatMap(([keys, text]) => [
      el("dt", {}, el("kbd", { text: keys })),
      el("dd", { text }),
    ]);
    return el("section", {}, el("h4", { text: t(`group.${group}`) }), el("dl", {}, ...lines));
  });
  const link = el("a", { href: "api/docs", target: "_blank", text: t("help.api") });
  const how = [1, 2, 3, 4].map((step) => el("li", { text: t(`help.how${step}`) }));
  const content = [
    el("h3", { text: t("help.howTitle") }),
    el("ol", { class: "how-to" }, ...how),
    el("h3", { text: t("help.keys") }),
    el("div", { class: "shortcut-groups" }, ...groups),
    el("p", {}, tip(link, t("help.apiTip"))),
  ];
  const dialog = openDialog(t("help.title"), content, { class: "wide" });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "?") dialog.close();
  });
}
