// The switch of the page's language.

import { tip } from "./controls.js";
import { el } from "./dom.js";
import { LANGUAGES, currentLanguage, setLanguage, t } from "./i18n.js";

/** A select of the page's languages; `changed` draws the page anew. @param {() => void} changed */
export function languageSwitch(changed) {
  const options = Object.entries(LANGUAGES).map(([value, text]) =>
    el("option", { value, text, selected: value === currentLanguage() }),
  );
  const select = el("select", { class: "language", "aria-label": t("top.language") }, ...options);
  select.addEventListener("change", async () => {
    await setLanguage(select.value);
    changed();
  });
  return tip(select, t("top.language"));
}
