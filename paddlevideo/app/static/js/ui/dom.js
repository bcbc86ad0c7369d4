// Small helpers to build and find elements.

/**
 * @typedef {{
 *   class?: string,
 *   text?: string,
 *   on?: {[event: string]: EventListener | (() => void)},
 *   data?: {[name: string]: string | number},
 *   [attribute: string]: unknown,
 * }} Options `class`, `text`, listeners, data; the rest become attributes
 */

/**
 * Build an element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Options} options
 * @param {...(Node | string | null | undefined)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, options = {}, ...children) {
  const element = document.createElement(tag);
  const { class: names, text, on = {}, data = {}, ...attributes } = options;
  if (names) element.className = names;
  if (text !== undefined) element.textContent = text;
  for (const [event, handler] of Object.entries(on)) element.addEventListener(event, handler);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Whether keys typed now belong to a text field. */
export function typing() {
  const at = document.activeElement;
  return Boolean(at?.matches("textarea, select, input[type=text], input[type=number]"));
}

/** An element that the page always has. @param {string} id */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** How to draw on a canvas. @param {HTMLCanvasElement} canvas @param {CanvasRenderingContext2DSettings} [options] */
export function context2d(canvas, options) {
  const context = canvas.getContext("2d", options);
  if (!context) throw new Error("the browser draws on no canvas");
  return context;
}

/** @param {number} value @param {number} low @param {number} high */
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/**
 * Call `work` at most once in `ms`, after the last request; `cancel()` says whether there was one to cancel.
 * @param {() => void} work
 * @param {number} ms
 */
export function later(work, ms) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const cancel = () => {
    const waited = timer !== undefined;
    clearTimeout(timer);
    timer = undefined;
    return waited;
  };
  const ask = () => {
    cancel();
    timer = setTimeout(() => {
      timer = undefined;
      work();
    }, ms);
  };
  return Object.assign(ask, { cancel });
}

/** Call `work` once in the next animation frame, however often it is asked for. @param {() => void} work */
export function onceAFrame(work) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      work();
    });
  };
}
