// The export dialog: what to write, how far it is, and the files so far.

import * as api from "../net/api.js";
import { tip } from "../ui/controls.js";
import { openDialog } from "../ui/dialog.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { errorText, formatBytes, t } from "../ui/i18n.js";

/** @param {EditorStore} store @param {import("./job.js").JobControl} job */
export function openExport(store, job) {
  const { id, frames } = store.get("doc");
  const message = el("p", { class: "export-message", role: "status" });
  const bar = el("progress", { max: 1, value: 0, hidden: true, "aria-label": t("export.progress") });
  const files = el("ul", { class: "export-files", "aria-label": t("export.files") });
  const go = el("button", { type: "submit", class: "main-button", text: t("export.go") });
  const kinds = el("fieldset", {}, el("legend", { text: t("export.what") }));
  const form = el("form", { class: "export-form" }, kinds, el("div", { class: "export-foot" }, message, go));
  tip(go, t("export.goTip"));
  let open = true; // an answer may come after the dialog is gone
  let ready = false; // the kinds are there
  let sending = false; // asked for, not yet answered

  const offer = async () => {
    try {
      kinds.append(...(await api.exportKinds()).map(choice));
      ready = true;
    } catch (error) {
      message.textContent = errorText(api.asFailure(error));
    }
    update();
  };
  /** Show the files; returns whether that went well. */
  const list = async () => {
    try {
      const found = await api.listExports(id);
      files.replaceChildren(...found.map(fileRow));
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
    go.disabled = !ready || sending || Boolean(running);
    bar.hidden = !running;
    bar.value = running?.total ? (running.done ?? 0) / running.total : 0;
  };
  const end = async () => {
    const last = store.get("exported");
    if (!open || !last) return;
    if (last.failed) message.textContent = errorText(last.failed);
    else if (last.cancelled) message.textContent = t("export.cancelled");
    else if (last.finished && (await list()) && store.get("exported") === last) message.textContent = t("export.finished");
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    sending = true;
    store.set({ exported: null });
    message.textContent = t("export.begun");
    update();
    try {
      const answer = await api.startExport(id, String(new FormData(form).get("kind")));
      if (!store.get("exported")) job.jobCame(answer.job); // its events may have come before
    } catch (error) {
      message.textContent = errorText(api.asFailure(error));
    }
    sending = false;
    update();
  });
  if (!store.get("jobs").export) store.set({ exported: null }); // how an earlier one ended is not news
  const unsubscribe = [store.subscribe(["jobs", "exported"], update), store.subscribe(["exported"], end)];
  const missing = frames.masks.filter((rev) => !rev).length;
  const hint = missing ? el("p", { class: "hint", text: t("export.missing", { missing }) }) : null;
  openDialog(t("export.title"), [hint, form, bar, files].filter(Boolean), {
    closed: () => {
      open = false;
      for (const each of unsubscribe) each();
    },
  });
  offer();
  list();
  update();
}

/** @param {ExportKind} kind @param {number} i */
function choice({ kind }, i) {
  return el(
    "label",
    { class: "export-kind", data: { tip: t(`export.${kind}Tip`) } },
    el("input", { type: "radio", name: "kind", value: kind, checked: i === 0 }),
    el("span", {}, el("b", { text: t(`export.${kind}`) }), el("small", { text: t(`export.${kind}Hint`) })),
  );
}

/** @param {ExportFile} file */
function fileRow({ name, bytes, url }) {
  const link = el("a", { href: url, download: name }, icon("download"));
  tip(link, t("export.download", { name }));
  return el("li", {}, link, el("span", { class: "file-name", text: name }), el("small", { text: formatBytes(bytes) }));
}
