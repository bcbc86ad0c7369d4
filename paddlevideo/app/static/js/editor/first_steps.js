// What a newcomer is told, until they have done it once: where to draw, what to do next, what the tools are called.

import { iconButton } from "../ui/controls.js";
import { el } from "../ui/dom.js";
import { t } from "../ui/i18n.js";

const KEPT = "manet.known"; // in the browser: what the person knows already

/** @typedef {"propagate" | "tools"} Lesson */

/** @returns {Lesson[]} */
const lessons = () => (localStorage.getItem(KEPT) ?? "").split(" ").filter(Boolean).map((each) => /** @type {Lesson} */ (each));

/** Whether the person has learned something. @param {Lesson} lesson */
export const known = (lesson) => lessons().includes(lesson);

/** Note that they have. @param {Lesson} lesson */
export function learned(lesson) {
  if (!known(lesson)) localStorage.setItem(KEPT, [...lessons(), lesson].join(" "));
}

/**
 * A ghost of a stroke over the picture of a project without any; it goes when something is drawn.
 * @param {EditorStore} store
 */
export function buildGhost(store) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 220 90");
  svg.setAttribute("aria-hidden", "true");
  for (const name of ["ghost-rim", "ghost-line"]) {
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", "M20 62C52 18 84 16 108 42s58 30 92-14");
    path.setAttribute("pathLength", "100");
    path.classList.add(name);
    svg.append(path);
  }
  const ghost = el("div", { class: "ghost" }, svg, el("p", { text: t("picture.ghost") }));
  const update = () => {
    const { doc, pending, tool, playing, result } = store.values;
    ghost.hidden = Boolean(doc.rounds.length || pending.length || playing || result || tool !== "brush" || !doc.objects.length);
  };
  store.subscribe(["doc", "pending", "tool", "playing", "result"], update);
  update();
  return ghost;
}

/**
 * A word above the main button when the first mask waits to be propagated, until something was.
 * @param {EditorStore} store
 */
export function buildNext(store) {
  const close = iconButton("close", t("main.firstTip"), () => done(), { class: "small" });
  const next = el("div", { class: "next", role: "status" }, el("p", { text: t("main.first") }), close);
  const update = () => {
    const { doc, jobs, busy } = store.values;
    if (jobs.propagate || doc.rounds.some((each) => each.propagated && !each.by_hand)) learned("propagate");
    next.hidden = known("propagate") || busy > 0 || !doc.rounds.some((each) => !each.propagated);
  };
  const done = () => {
    learned("propagate");
    update();
  };
  store.subscribe(["doc", "jobs", "busy"], update);
  update();
  return next;
}
