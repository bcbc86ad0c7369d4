// Keys to actions, and how a key is written for a person.

import { typing } from "./dom.js";
import { t } from "./i18n.js";

const MAC = /Mac|iP(ad|hone)/.test(navigator.platform);

/** The name of a key event, such as "Ctrl+Shift+z"; Command counts as Ctrl. @param {KeyboardEvent} event */
export function keyName(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const letter = /^[a-z]$/.test(key) || event.key.length > 1;
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey && letter) parts.push("Shift"); // "?" and "+" say by themselves that Shift is down
  return [...parts, key].join("+");
}

/** A key's name as a person reads it. @param {string} keys */
export function readable(keys) {
  /** @type {Record<string, string>} */
  const marks = { " ": t("key.space"), ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };
  return keys
    .split(/\+(?=.)/)
    .map((each) => marks[each] ?? (each === "Ctrl" && MAC ? "⌘" : each.length === 1 ? each.toUpperCase() : each))
    .join(" ");
}

/**
 * Run actions by their keys until the returned function is called. Keys stay with text fields, open dialogs and, for
 * Space and Enter, with the focused button.
 * @param {Actions} actions
 * @param {(digit: number) => void} select called for the keys 1 to 9
 */
export function attachShortcuts(actions, select) {
  /** @type {Map<string, Action>} */
  const byKey = new Map();
  for (const action of Object.values(actions)) for (const key of action.keys) byKey.set(key, action);
  /** @param {KeyboardEvent} event */
  const press = (event) => {
    if (typing() || document.querySelector("dialog[open]") || event.defaultPrevented) return;
    const name = keyName(event);
    const focused = document.activeElement;
    if (name === " " && focused?.matches(":focus-visible") && focused.matches("button, a, summary")) return;
    if (focused?.matches("input[type=range]") && /^(Arrow|Home|End|Page)/.test(event.key)) return;
    if (/^[1-9]$/.test(name)) {
      select(Number(name));
      return;
    }
    const action = byKey.get(name);
    if (!action) return;
    event.preventDefault();
    if (!event.repeat || action.repeats) action.run();
  };
  window.addEventListener("keydown", press);
  return () => window.removeEventListener("keydown", press);
}
