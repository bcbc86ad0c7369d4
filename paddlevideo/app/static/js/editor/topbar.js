// The bar at the top: way home, the project's name, undo and redo, language, help, export.

import * as api from "../net/api.js";
import { actionButton, tip } from "../ui/controls.js";
import { el } from "../ui/dom.js";
import { icon } from "../ui/icons.js";
import { t } from "../ui/i18n.js";
import { languageSwitch } from "../ui/language.js";
import { buildSwitch } from "./result.js";

/** @typedef {import("./commands.js").Commands} Commands */

/** @param {EditorStore} store @param {Actions} actions @param {Commands} commands @param {() => void} redraw @returns {HTMLElement} */
export function buildTopbar(store, actions, commands, redraw) {
  const undo = actionButton(actions, "undo");
  const redo = actionButton(actions, "redo");
  const exporting = el(
    "button",
    { type: "button", class: "plain-button", on: { click: () => actions.export.run() } },
    icon("export"),
    el("span", { text: t("top.export") }),
  );
  exporting.dataset.action = "export";
  tip(exporting, t("action.export"), actions.export.keys);
  const fit = el("button", { type: "button", class: "zoom-value", on: { click: () => actions.fit.run() } });
  fit.dataset.action = "fit";
  tip(fit, t("action.fit"), actions.fit.keys);
  const zoomed = () => {
    fit.textContent = t("top.zoom", { percent: Math.round(100 * store.get("scale") * window.devicePixelRatio) });
    fit.setAttribute("aria-label", `${t("action.fit")}, ${fit.textContent}`);
  };
  store.subscribe(["scale"], zoomed);
  zoomed();
  const heading = el("h1", { class: "unseen" });
  const update = () => {
    const doc = store.get("doc");
    undo.disabled = !doc.can_undo;
    redo.disabled = !doc.can_redo;
    document.title = `${doc.name} · MA-Net`;
    heading.textContent = doc.name;
  };
  store.subscribe(["doc"], update);
  update();
  return el(
    "header",
    { class: "topbar" },
    heading,
    actionButton(actions, "home"),
    projectName(store, commands),
    el("span", { class: "video-facts", text: t("top.video", store.get("doc").video) }),
    el("div", { class: "spacer" }),
    buildSwitch(store, actions),
    el("div", { class: "spacer" }),
    el("div", { class: "button-group zoom" }, actionButton(actions, "zoomOut"), fit, actionButton(actions, "zoomIn")),
    el("div", { class: "button-group" }, undo, redo),
    languageSwitch(redraw),
    actionButton(actions, "help"),
    exporting,
  );
}

/** @param {EditorStore} store @param {Commands} commands */
function projectName(store, commands) {
  const input = el("input", { type: "text", class: "project-name", maxlength: 80, "aria-label": t("top.name") });
  const reset = () => {
    if (document.activeElement !== input) input.value = store.get("doc").name;
  };
  input.addEventListener("change", () => {
    const name = input.value.trim();
    if (name) commands.run((id, revision) => api.patchProject(id, { name, revision }));
    else reset();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === "Escape") input.blur();
  });
  store.subscribe(["doc"], reset);
  input.value = store.get("doc").name;
  return tip(input, t("top.name"));
}
