// The page begins here: words, the server's state, then the screen that the address asks for.

import * as api from "./net/api.js";
import { tip } from "./ui/controls.js";
import { byId, el } from "./ui/dom.js";
import { Editor } from "./editor/editor.js";
import { errorText, loadWords, t } from "./ui/i18n.js";
import { Start } from "./start/start.js";
import { clearToasts, toastError } from "./ui/toasts.js";
import { attachTooltip } from "./ui/tooltip.js";

/** @typedef {{element: HTMLElement, close?: () => void, busy?: boolean}} Screen */

const place = byId("screen");
/** @type {Screen | null} the Start or Editor there is */
let screen = null;
/** @type {ProjectAnswer | null} a document just made, which need not be asked for again */
let opened = null;
/** @type {ServerState | null} the state that the page began with, likewise */
let asked = null;
let turn = 0; // of showing: a slow answer to an earlier address shows nothing
/** @type {string | null} the project that the screen is of, "" on the start screen, null where something went wrong */
let shown = null;

/** The project that the address asks for, "" where it asks for the start screen. */
const asksFor = () => location.hash.match(/^#\/project\/([\w-]+)$/)?.[1] ?? "";

/** @param {Screen} next @param {string | null} id */
function put(next, id) {
  screen?.close?.();
  clearToasts();
  screen = next;
  shown = id;
  place.replaceChildren(next.element);
}

/** @param {Failure} error */
function problem(error) {
  const again = el("button", { type: "button", class: "main-button", text: t("page.again"), on: { click: show } });
  const home = el("a", { class: "plain-button", href: "#/", text: t("action.home") });
  tip(again, t("page.againTip"));
  tip(home, t("page.homeTip"));
  put({ element: el("div", { class: "problem" }, el("p", { role: "alert", text: errorText(error) }), again, home) }, null);
}

/** @param {ProjectAnswer} doc */
function open(doc) {
  opened = doc;
  location.hash = `#/project/${doc.id}`;
}

async function show() {
  const mine = (turn += 1);
  const known = asked;
  asked = null;
  const id = asksFor();
  try {
    if (id) {
      const doc = opened?.id === id ? opened : await api.getProject(id);
      opened = null;
      if (mine === turn) put(new Editor(doc, show), id);
    } else {
      const state = known ?? (await api.getState());
      if (mine !== turn || (shown === id && screen?.busy)) return; // an upload goes on
      put(new Start(state, open, show), id);
      if (state.error) toastError(state.error); // of the video that the command line names
    }
  } catch (error) {
    if (mine === turn) problem(api.asFailure(error));
  }
}

async function begin() {
  await loadWords();
  attachTooltip();
  try {
    asked = location.hash ? null : await api.getState();
    if (asked?.open) history.replaceState(null, "", `#/project/${asked.open}`);
  } catch {
    // `show` asks again and says what is wrong
  }
  window.addEventListener("hashchange", show);
  // What was clicked with the mouse gives the focus back, so that keys go to the video and do not press it again.
  const clicked = ".editor :is(button, canvas, input[type=range])";
  document.addEventListener("click", ({ detail, target }) => {
    const control = detail && target instanceof Element ? target.closest(clicked) : null;
    if (control instanceof HTMLElement) control.blur();
  });
  await show();
}

begin();
