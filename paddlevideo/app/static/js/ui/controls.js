// Buttons of actions, toggles and sliders: each with an icon, a label for screen readers, and a tooltip with its key.

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { t } from "./i18n.js";
import { readable } from "./shortcuts.js";

/**
 * Give an element a tooltip, and an accessible name where it has no text of its own.
 * @template {HTMLElement} Kind
 * @param {Kind} element
 * @param {string} text
 * @param {string[]} keys
 */
export function tip(element, text, keys = []) {
  element.dataset.tip = text;
  if (keys.length) element.dataset.keys = readable(keys[0]);
  if (!element.textContent?.trim()) element.setAttribute("aria-label", text);
  return element;
}

/**
 * An icon button that runs `run`.
 * @param {string} name of the icon
 * @param {string} text
 * @param {() => void} run
 * @param {{keys?: string[], class?: string}} options
 */
export function iconButton(name, text, run, { keys = [], class: extra = "" } = {}) {
  const button = el("button", { type: "button", class: `icon-button ${extra}`, on: { click: run } }, icon(name));
  return tip(button, text, keys);
}

/**
 * The button of an action of editorActions; `options.icon` where the icon has another name.
 * @param {Actions} actions
 * @param {string} name
 * @param {{icon?: string, class?: string}} options
 */
export function actionButton(actions, name, options = {}) {
  const button = iconButton(options.icon ?? name, t(`action.${name}`), () => actions[name].run(), {
    keys: actions[name].keys,
    class: options.class,
  });
  button.dataset.action = name;
  return button;
}

/** Show on a toggle button whether it is on. @param {HTMLElement} button @param {boolean} on */
export function pressed(button, on) {
  button.setAttribute("aria-pressed", String(on));
}

/**
 * A range input with `input` telling each new value.
 * @param {string} text
 * @param {{min: number, max: number, step: number, value?: number, class?: string}} options
 * @param {(value: number) => void} input
 */
export function slider(text, { min, max, step, value, class: extra = "" }, input) {
  const range = el("input", { type: "range", min, max, step, value, class: extra, "aria-label": text });
  range.addEventListener("input", () => input(Number(range.value)));
  return tip(range, text);
}
