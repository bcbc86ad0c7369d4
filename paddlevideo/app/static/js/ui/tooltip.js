// One tooltip for the whole page: on hover after a moment, on keyboard focus at once, never in the way of a finger.

import { byId, clamp, el } from "./dom.js";

const DELAY = 450; // ms

export function attachTooltip() {
  const bubble = byId("tooltip");
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  /** @param {HTMLElement} owner */
  const show = (owner) => {
    const place = owner.closest("dialog") ?? document.body; // an open dialog lies above all that is outside of it
    if (bubble.parentElement !== place) place.append(bubble);
    bubble.replaceChildren(owner.dataset.tip ?? "");
    if (owner.dataset.keys) bubble.append(el("kbd", { text: owner.dataset.keys }));
    bubble.hidden = false;
    bubble.style.left = "0";
    const [at, own] = [owner.getBoundingClientRect(), bubble.getBoundingClientRect()];
    const beside = Boolean(owner.closest(".rail")); // above or below it would lie over the next tool
    const left = beside ? at.right + 12 : at.left + at.width / 2 - own.width / 2;
    const above = beside ? at.top + at.height / 2 - own.height / 2 : at.top - own.height - 8;
    bubble.style.left = `${clamp(left, 6, window.innerWidth - own.width - 6)}px`;
    bubble.style.top = `${above > 6 ? above : at.bottom + 8}px`;
  };
  const hide = () => {
    clearTimeout(timer);
    bubble.hidden = true;
  };

  document.addEventListener("pointerover", (event) => {
    const owner = ownerOf(event);
    hide();
    if (owner && event.pointerType !== "touch") timer = setTimeout(() => owner.isConnected && show(owner), DELAY);
  });
  document.addEventListener("focusin", (event) => {
    const owner = ownerOf(event);
    if (owner && /** @type {Element} */ (event.target).matches(":focus-visible")) show(owner);
  });
  for (const name of ["pointerdown", "focusout", "keydown"]) document.addEventListener(name, hide);
}

/** The element with a tip that an event is in. @param {Event} event @returns {HTMLElement | null} */
function ownerOf(event) {
  return event.target instanceof Element ? event.target.closest("[data-tip]") : null;
}
