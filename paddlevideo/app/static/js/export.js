// The export dialog: what to write, how far it is, and the files so far.

import * as api from "./api.js";
import { openDialog } from "./dialog.js";
import { el } from "./dom.js";
import { icon } from "./icons.js";
import { errorText, formatBytes, t } from "./i18n.js";

/** kind, format, and the key of its words. */
const KINDS = [
  ["palette", null, "palette"],
  ["binary", null, "binary"],
  ["overlay", null, "overlay"],
  ["matte", null, "matte"],
  ["cutout", "png", "cutoutPng"],
  ["cutout", "webm", "cutoutWebm"],
  ["rle", null, "rle"],
  ["scribbles", null, "scribbles"],
];

/** @param {Store} store */
export function openExport(store) {
  const { id, frames } = store.get("doc");
  const message = el("p", { class: "export-message", role: "status" });
  const bar = el("progress", { max: 1, value: 0, hidden: true, "aria-label": t("export.progress") });
  const files = el("ul", { class: "export-files", "aria-label": t("export.files") });
  const go = el("button", { type: "submit", class: "main-button", text: t("export.go") });
  const form = el("form", { class: "export-form" }, choices(), el("div", { class: "export-foot" }, message, go));
  let open = true;

  const list = async () => {
    try {
      const found = await api.listExports(id);
      files.replaceChildren(...found.map(fileRow));
    } catch (error) {
      message.textContent = errorText(error);
    }
  };
  const update = () => {
    if (!open) return;
    const job = store.get("jobs").export;
    const mine = Boolean(job);
    if (mine && job.total) message.textContent = t("export.running", job);
    else if (mine) message.textContent = t("export.begun");
    else if (go.disabled) {
      message.textContent = t("export.finished");
      list();
    }
    go.disabled = mine;
    bar.hidden = !mine;
    bar.value = mine && job.total ? job.done / job.total : 0;
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const [kind, format] = KINDS[Number(new FormData(form).get("kind"))];
    go.disabled = true;
    message.textContent = t("export.begun");
    try {
      await api.startExport(id, kind, format);
      update();
    } catch (error) {
      message.textContent = errorText(error);
      go.disabled = false;
    }
  });
  store.on(["jobs"], update);
  const missing = frames.masks.filter((rev) => !rev).length;
  const hint = missing ? el("p", { class: "hint", text: t("export.missing", { missing }) }) : null;
  openDialog(t("export.title"), [hint, form, bar, files].filter(Boolean), { closed: () => (open = false) });
  list();
  update();
}

function choices() {
  const rows = KINDS.map(([, , words], i) =>
    el(
      "label",
      { class: "export-kind" },
      el("input", { type: "radio", name: "kind", value: i, checked: i === 0 }),
      el("span", {}, el("b", { text: t(`export.${words}`) }), el("small", { text: t(`export.${words}Hint`) })),
    ),
  );
  return el("fieldset", {}, el("legend", { text: t("export.what") }), ...rows);
}

function fileRow({ name, bytes, url }) {
  const link = el("a", { href: url, download: name, "aria-label": t("export.download", { name }) }, icon("download"));
  return el("li", {}, link, el("span", { class: "file-name", text: name }), el("small", { text: formatBytes(bytes) }));
}
