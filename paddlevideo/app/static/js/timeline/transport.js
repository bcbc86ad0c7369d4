// The bar between picture and timeline: playing and stepping, the status line, and the one main button.

import { actionButton, pressed, tip } from "../ui/controls.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { formatNumber, t } from "../ui/i18n.js";
import { readable } from "../ui/shortcuts.js";
import { buildClock } from "./clock.js";
import { buildNext } from "../editor/first_steps.js";
import { nameOf } from "../editor/objects.js";

/** @param {EditorStore} store @param {Actions} actions @returns {HTMLElement} */
export function buildTransport(store, actions) {
  const play = actionButton(actions, "play");
  const follow = actionButton(actions, "follow");
  const clear = actionButton(actions, "spanClear");
  const jump = actionButton(actions, "jump");
  const groups = [
    [play, actionButton(actions, "previous"), actionButton(actions, "next"), jump],
    [actionButton(actions, "spanIn"), actionButton(actions, "spanOut"), clear],
    [follow],
  ].map((buttons) => el("div", { class: "button-group" }, ...buttons));
  const clock = buildClock(store, actions);

  const update = () => {
    const { frames } = store.get("doc");
    play.replaceChildren(icon(store.get("playing") ? "pause" : "play"));
    const text = t(store.get("playing") ? "action.stop" : "action.play");
    tip(play, text, actions.play.keys).setAttribute("aria-label", text);
    pressed(follow, store.get("follow") && !store.get("stayed"));
    clear.disabled = !store.get("span");
    jump.disabled = !frames.changed?.some((each) => each);
  };
  store.subscribe(["doc", "masks", "playing", "follow", "stayed", "span"], update);
  update();
  return el("div", { class: "transport" }, ...groups, clock, buildStatus(store), buildMain(store, actions));
}

/** @param {EditorStore} store */
function buildStatus(store) {
  const text = el("p", { class: "status-text", role: "status" });
  const bar = el("progress", { class: "progress", max: 1, "aria-label": t("status.progress") });
  const status = el("div", { class: "status" }, text, bar);
  const update = () => {
    const job = store.get("job");
    text.textContent = statusOf(store);
    status.dataset.state = stateOf(store);
    bar.hidden = !job?.total;
    bar.value = job?.total ? (job.done ?? 0) / job.total : 0;
  };
  store.subscribe(["job", "doc", "busy", "connected", "embedding", "warming"], update);
  update();
  return status;
}

/** One word for what goes on: lost, a job's kind, paused, busy or idle. @param {EditorStore} store */
function stateOf(store) {
  const job = store.get("job");
  if (!store.get("connected")) return "lost";
  if (job) return job.paused ? "paused" : job.kind;
  return store.get("busy") ? "busy" : "idle";
}

/** The status line: the connection first, then jobs, then what to do next. @param {EditorStore} store */
function statusOf(store) {
  const { rounds, objects, left: stopped } = store.get("doc");
  const job = store.get("job");
  if (!store.get("connected")) return t("status.lost");
  // The others' thumbnails do not keep anybody from drawing.
  if (job?.position && job.kind !== "decode") return t("status.queue", { position: job.position });
  if (job?.paused) return t("status.paused", job);
  if (job) {
    const rate = job.rate ? t("status.rate", { rate: formatNumber(job.rate, 1) }) : "";
    const seconds = job.rate ? Math.ceil(((job.total ?? 0) - (job.done ?? 0)) / job.rate) : 0;
    const left = seconds > 2 ? t("status.left", { seconds }) : "";
    return [t(`status.${job.kind}`, job), rate, left].filter(Boolean).join(" · ");
  }
  const [embedding, warming] = [store.get("embedding"), store.get("warming")];
  const further = warming ? t("status.warming", warming) : embedding ? t("status.embedding", embedding) : "";
  if (store.get("busy")) return warming ? `${t("status.busy")} ${further}` : t("status.busy");
  const waiting = rounds.some((each) => !each.propagated);
  const next = !objects.length ? "noObject" : !rounds.length ? "start" : waiting ? "waiting" : stopped ? "stopped" : "done";
  return further ? `${t(`status.${next}`)} ${further}` : t(`status.${next}`);
}

/**
 * What the main button would do now: its word, what fills it, and whether it is due.
 * @param {EditorStore} store
 */
function workOf(store) {
  const { doc, pending, span, jobs } = store.values;
  if (jobs.propagate) return { word: jobs.propagate.paused ? "resume" : "pause", values: {}, due: jobs.propagate.paused };
  const frames = span ? span[1] - span[0] + 1 : doc.video.frames;
  const waiting = doc.rounds.filter((each) => !each.propagated);
  const stopped = doc.rounds.findLast((each) => each.propagated && each.done < each.total);
  if (doc.left && String(stopped?.span) === String(span)) {
    return { word: "goOn", values: { left: doc.left + waiting.length * frames }, due: true };
  }
  const ids = new Set([...pending.map((each) => each.object_id), ...waiting.flatMap((each) => each.objects)]);
  const named = doc.objects.filter((each) => ids.has(each.id));
  const values = { name: named.length === 1 ? nameOf(named[0]) : "", objects: named.length, frames: frames * Math.max(1, waiting.length) };
  if (named.length) return { word: named.length === 1 ? "one" : "several", values, due: true };
  if (waiting.length || pending.length) return { word: "frames", values, due: true };
  return { word: doc.rounds.length ? "again" : "propagate", values, due: false };
}

/** @param {EditorStore} store @param {Actions} actions */
function buildMain(store, actions) {
  const main = el("button", { type: "button", class: "main-button", on: { click: () => actions.propagate.run() } });
  const cancel = el("button", { type: "button", class: "plain-button", on: { click: () => actions.cancel.run() } });
  main.dataset.action = "propagate";
  cancel.dataset.action = "cancel";
  let drawn = "";
  const update = () => {
    const running = store.get("jobs").propagate;
    const { word, values, due } = workOf(store);
    main.disabled = !running && !store.get("doc").rounds.length && !store.get("pending").length;
    cancel.hidden = !running;
    main.classList.toggle("quiet", !due && !main.disabled);
    const text = t(`main.${word}`, values);
    if (text === drawn) return;
    drawn = text;
    main.replaceChildren(el("span", { text }), el("kbd", { text: readable("p"), "aria-hidden": "true" }));
    tip(main, t(`main.${word}Tip`), ["p"]);
  };
  cancel.textContent = t("main.cancel");
  tip(cancel, t("main.cancelTip"), actions.cancel.keys);
  store.subscribe(["jobs", "doc", "pending", "span"], update);
  update();
  return el("div", { class: "main-buttons" }, buildNext(store), cancel, main);
}
