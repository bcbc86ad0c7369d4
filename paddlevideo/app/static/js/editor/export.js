// The export dialog: what to write of which objects, how far it is, and the files so far.

import * as api from "../net/api.js";
import { nameOf } from "./objects.js";
import { tip } from "../ui/controls.js";
import { openDialog } from "../ui/dialog.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { errorText, formatBytes, formatDate, t } from "../ui/i18n.js";
import { shownObjects } from "./store.js";

/** @param {EditorStore} store @param {import("./job.js").JobControl} job */
export function openExport(store, job) {
  const { id } = store.get("doc");
  const message = el("p", { class: "export-message", role: "status" });
  const bar = el("progress", { max: 1, value: 0, hidden: true, "aria-label": t("export.progress") });
  const files = el("ul", { class: "export-files", "aria-label": t("export.files") });
  const go = el("button", { type: "submit", class: "main-button", text: t("export.go") });
  const presets = el("fieldset", { class: "export-presets" }, el("legend", { text: t("export.what") }));
  const others = el("fieldset", {}, el("legend", { class: "unseen", text: t("export.more") }));
  const more = el("details", {}, tip(el("summary", { text: t("export.more") }), t("export.moreTip")), others);
  const objects = objectChoice(store);
  const warnings = el("ul", { class: "export-warnings" });
  const form = el("form", { class: "export-form" }, objects, edgeLine(store), presets, more, warnings);
  form.append(el("div", { class: "export-foot" }, message, go));
  tip(go, t("export.goTip"));
  /** @type {ExportKind[]} */
  let kinds = [];
  let open = true; // an answer may come after the dialog is gone
  let sending = false; // asked for, not yet answered

  const chosen = () => new FormData(form).getAll("object").map(Number);
  const kind = () => kinds.find((each) => each.kind === new FormData(form).get("kind"));
  const offer = async () => {
    try {
      kinds = await api.exportKinds();
      const first = kinds.filter((each) => each.preset).sort((a, b) => a.preset - b.preset);
      presets.append(...first.map(choice));
      others.append(...kinds.filter((each) => !each.preset).map(choice));
    } catch (error) {
      message.textContent = errorText(api.asFailure(error));
    }
    update();
  };
  /** Show the files; returns whether that went well. */
  const list = async () => {
    try {
      const found = await api.listExports(id);
      files.replaceChildren(...found.map((file) => fileRow(store, file)));
      return true;
    } catch (error) {
      message.textContent = errorText(api.asFailure(error));
      return false;
    }
  };
  const update = () => {
    if (!open) return;
    const running = store.get("jobs").export;
    const last = store.get("exported");
    const waits = (running?.position ?? 0) > 0 ? "status.queue" : running?.total ? "export.running" : "export.begun";
    if (running) message.textContent = t(waits, running);
    else if (last && !last.finished && !last.failed) message.textContent = ""; // lost sight of, with the server
    go.disabled = !kinds.length || sending || Boolean(running) || !chosen().length;
    bar.hidden = !running;
    bar.value = running?.total ? (running.done ?? 0) / running.total : 0;
    warnings.replaceChildren(...warningsOf(store, chosen(), kind()).map((text) => el("li", { text })));
  };
  const end = async () => {
    const last = store.get("exported");
    if (!open || !last) return;
    if (last.failed) message.textContent = errorText(last.failed);
    else if (last.cancelled) message.textContent = t("export.cancelled");
    else if (last.finished && (await list()) && store.get("exported") === last) message.textContent = t("export.finished");
  };
  form.addEventListener("change", update);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    sending = true;
    store.set({ exported: null });
    message.textContent = t("export.begun");
    update();
    const forget = downloadWhenDone(store);
    try {
      const { grow, feather } = store.values;
      const answer = await api.startExport(id, kind()?.kind ?? "", { objects: chosen(), grow, feather });
      if (!store.get("exported")) job.jobCame(answer.job); // its events may have come before
    } catch (error) {
      forget();
      message.textContent = errorText(api.asFailure(error));
    }
    sending = false;
    update();
  });
  if (!store.get("jobs").export) store.set({ exported: null }); // how an earlier one ended is not news
  const unsubscribe = [
    store.subscribe(["jobs", "exported", "doc", "masks", "feather"], update),
    store.subscribe(["exported"], end),
    store.subscribe(["doc"], list),
  ];
  openDialog(t("export.title"), [form, bar, files], {
    class: "export-dialog",
    closed: () => {
      open = false;
      for (const each of unsubscribe) each();
    },
  });
  offer();
  list();
  update();
}

/** The objects to choose from: those that are shown are chosen. @param {EditorStore} store */
function objectChoice(store) {
  const shown = new Set(shownObjects(store).map((each) => each.id));
  const boxes = store.get("doc").objects.map((each) => {
    const swatch = el("i", { class: "export-swatch" });
    swatch.style.background = each.color;
    const box = el("input", { type: "checkbox", name: "object", value: each.id, checked: shown.has(each.id) });
    const name = nameOf(each);
    return tip(el("label", { class: "export-object" }, box, swatch, el("span", { text: name })), t("export.objectTip", { name }));
  });
  return el("fieldset", { class: "export-objects" }, el("legend", { text: t("objects.title") }), ...boxes);
}

/** Which edges are exported, and a way to have none. @param {EditorStore} store */
function edgeLine(store) {
  const { grow, feather } = store.values;
  if (!grow && !feather) return null;
  const line = el("p", { class: "export-edge" }, el("span", { text: t("export.edge", { edge: edgeText({ grow, feather }) }) }));
  const reset = el("button", { type: "button", class: "text-button", text: t("edge.resetShort") });
  reset.addEventListener("click", () => {
    store.set({ grow: 0, feather: 0 });
    line.remove();
  });
  line.append(tip(reset, t("edge.reset")));
  return line;
}

/** @param {Edge} edge */
function edgeText({ grow, feather }) {
  const parts = [grow > 0 && t("edge.grown", { pixels: grow }), grow < 0 && t("edge.shrunk", { pixels: -grow })];
  return [...parts, feather > 0 && t("edge.feathered", { pixels: feather })].filter(Boolean).join(t("page.comma"));
}

/** What a person should know before exporting. @param {EditorStore} store @param {number[]} ids @param {ExportKind | undefined} kind */
function warningsOf(store, ids, kind) {
  const { frames, lanes } = store.get("doc");
  if (!kind || kind.kind === "scribbles") return [];
  const stale = frames.masks.filter((_, frame) => ids.some((id) => lanes[id]?.[frame] === "s")).length;
  const missing = frames.masks.filter((rev) => !rev).length;
  const hard = store.get("feather") > 0 && !kind.soft;
  return [
    !ids.length && t("export.noObjects"),
    stale && t("export.stale", { stale }),
    missing && t("export.missing", { missing }),
    hard && t("export.hard"),
  ].filter((each) => typeof each === "string");
}

/** Download what is being exported when it is there, the dialog open or not; the result ends that. @param {EditorStore} store */
function downloadWhenDone(store) {
  const stop = store.subscribe(["exported"], () => {
    const { finished, failed, cancelled, url } = store.get("exported") ?? {};
    if (finished || failed) stop();
    if (finished && !cancelled && url) el("a", { href: url, download: "" }).click();
  });
  return stop;
}

/** @param {ExportKind} of */
function choice({ kind, preset }) {
  const title = t(preset ? `export.preset_${kind}` : `export.${kind}`);
  return el(
    "label",
    { class: "export-kind", data: { tip: t(`export.${kind}Tip`) } },
    el("input", { type: "radio", name: "kind", value: kind, checked: preset === 1 }),
    el("span", {}, el("b", { text: title }), el("small", { text: t(`export.${kind}Hint`) })),
  );
}

/** @param {EditorStore} store @param {ExportFile} file */
function fileRow(store, { name, bytes, url, written, stale, objects, grow, feather }) {
  const link = el("a", { href: url, download: "" }, icon("download"));
  tip(link, t("export.download", { name }));
  const known = store.get("doc").objects;
  const names = objects.map((id) => known.find((each) => each.id === id)).filter((each) => each !== undefined).map(nameOf);
  const about = [formatDate(written), names.join(t("page.comma")), edgeText({ grow, feather })].filter(Boolean).join(" · ");
  const old = stale ? el("span", { class: "export-stale", text: t("export.isStale"), data: { tip: t("export.isStaleTip") } }) : null;
  return el(
    "li",
    {},
    link,
    el("span", { class: "file-name" }, el("b", { text: name }), el("small", { text: about })),
    old,
    el("small", { text: formatBytes(bytes) }),
  );
}
