// The page begins here: words, the server's state, then the screen that the address asks for.

import * as api from "./api.js";
import { tip } from "./controls.js";
import { el } from "./dom.js";
import { Editor } from "./editor.js";
import { errorText, loadWords, t } from "./i18n.js";
import { Start } from "./start.js";
import { toastError } from "./toasts.js";
import { attachTooltip } from "./tooltip.js";

const place = document.getElementById("screen");
let screen = null; // the Start or Editor there is
let opened = null; // a document just made, which need not be asked for again
let asked = null; // the state that the page began with, likewise
let turn = 0; // of showing: a slow answer to an earlier address shows nothing

function put(next) {
  screen?.close?.();
  screen = next;
  place.replaceChildren(next.element);
}

function problem(error) {
  const again = el("button", { type: "button", class: "main-button", text: t("page.again"), on: { click: show } });
  const home = el("a", { class: "plain-button", href: "#/", text: t("action.home") });
  tip(again, t("page.againTip"));
  tip(home, t("page.homeTip"));
  put({ element: el("div", { class: "problem" }, el("p", { role: "alert", text: errorText(error) }), again, home) });
}

function open(doc) {
  opened = doc;
  location.hash = `#/project/${doc.id}`;
}

async function show() {
  const mine = (turn += 1);
  const known = asked;
  asked = null;
  const id = location.hash.match(/^#\/project\/([\w-]+)$/)?.[1];
  try {
    if (id) {
      const doc = opened?.id === id ? opened : await api.getProject(id);
      opened = null;
      if (mine === turn) put(new Editor(doc, show));
    } else {
      const state = known ?? (await api.getState());
      if (mine !== turn) return;
      put(new Start(state, open, show));
      if (state.error) toastError(state.error); // of the video that the command line names
    }
  } catch (error) {
    if (mine === turn) problem(error);
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
  document.addEventListener("click", (event) => event.detail && event.target.closest(clicked)?.blur());
  await show();
}

begin();
