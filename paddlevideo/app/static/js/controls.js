// Buttons of actions, toggles and sliders: each with an icon, a label for screen readers, and a tooltip with its key.

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { readable } from "./shortcuts.js";

/** Give an element a tooltip, and an accessible name where it has no text of its own. */
export function tip(element, text, keys = []) {
  element.dataset.tip = text;
  if (keys.length) element.dataset.keys = readable(keys[0]);
  if (!element.textContent.trim()) element.setAttribute("aria-label", text);
  return element;
}

/** An icon button that runs `run`. */
export function iconButton(name, text, run, { keys = [], class: extra = "" } = {}) {
  const button = el("button", { type: "button", class: `icon-button ${extra}`, on: { click: run } }, icon(name));
  return tip(button, text, keys);
}

/** The button of an action of editorActions; `options.icon` where the icon has another name. */
export function actionButton(actions, name, options = {}) {
  const button = iconButton(options.icon ?? name, t(`action.${name}`), () => actions[name].run(), {
    keys: actions[name].keys,
    class: options.class,
  });
  button.dataset.action = name;
  return button;
}

/** Show on a toggle button whether it is on. */
export function pressed(button, on) {
  button.setAttribute("aria-pressed", String(Boolean(on)));
}

/** A range input with `input` telling each new value. */
export function slider(text, { min, max, step, value, class: extra = "" }, input) {
  const range = el("input", { type: "range", min, max, step, value, class: extra, "aria-label": text });
  range.addEventListener("input", () => input(Number(range.value)));
  return tip(range, text);
}
