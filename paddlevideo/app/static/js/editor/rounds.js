// The rounds so far, each a way to its frame, and what the timeline's colours mean.

import { actionButton, tip } from "../ui/controls.js";
import { el } from "../ui/dom.js";
import { t } from "../ui/i18n.js";

/** @param {EditorStore} store @param {Actions} actions @param {(frame: number) => void} seek @returns {HTMLElement} */
export function buildRounds(store, actions, seek) {
  const list = el("ol", { class: "round-list" });
  const undo = actionButton(actions, "undoRound");
  const redo = actionButton(actions, "redoRound");
  const empty = el("p", { class: "hint", text: t("rounds.none") });
  const update = () => {
    const { rounds, can_redo: canRedo } = store.get("doc");
    undo.disabled = !rounds.length;
    redo.disabled = !canRedo;
    empty.hidden = rounds.length > 0;
    list.replaceChildren(...rounds.map((round) => row(round, round.frame === store.get("frame"), seek)).reverse());
  };
  store.subscribe(["doc", "frame"], update);
  update();
  const legend = ["annotated", "by_hand", "waiting", "current", "stale"].map((name) =>
    el("li", {}, el("i", { class: `key ${name}` }), t(`legend.${name}`)),
  );
  const element = el(
    "section",
    { class: "rounds", "aria-label": t("rounds.title") },
    el("header", {}, el("h2", { text: t("rounds.title") }), el("div", { class: "button-group" }, undo, redo)),
    empty,
    list,
    el("ul", { class: "legend", "aria-label": t("legend.title") }, ...legend),
  );
  store.subscribe(["result"], () => (element.hidden = store.get("result"))); // the result's panel takes their place
  return element;
}

/** @param {Round} round @param {boolean} here @param {(frame: number) => void} seek */
function row(round, here, seek) {
  const stopped = round.propagated && round.done < round.total;
  const reach = round.span ? t("rounds.span", { from: round.span[0] + 1, to: round.span[1] + 1 }) : t("rounds.done");
  const what = !round.propagated ? t("rounds.waiting") : stopped ? t("rounds.stopped", round) : reach;
  const button = el(
    "button",
    { type: "button", class: here ? "round here" : "round", on: { click: () => seek(round.frame) } },
    el("i", { class: ["diamond", round.by_hand && "hand", !round.propagated ? "waiting" : stopped && "stopped"].filter(Boolean).join(" ") }),
    el("span", { text: t("rounds.one", { number: round.number, frame: round.frame + 1 }) }),
    el("small", { text: what }),
  );
  return el("li", {}, tip(button, t("rounds.go", { frame: round.frame + 1 })));
}
