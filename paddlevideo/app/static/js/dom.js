// Small helpers to build and find elements.

/**
 * Build an element.
 * @param {string} tag
 * @param {object} options `class`, `text`, `on` ({event: handler}), `data` ({name: value}); the rest become attributes.
 * @param {...(Node|string|null)} children
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
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Whether keys typed now belong to a text field. */
export function typing() {
  const at = document.activeElement;
  return Boolean(at?.matches("textarea, select, input[type=text]"));
}

export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

/** Call `work` at most once in `ms`, after the last request; `cancel()` says whether there was one to cancel. */
export function later(work, ms) {
  let timer = null;
  const cancel = () => {
    const waited = timer !== null;
    clearTimeout(timer);
    timer = null;
    return waited;
  };
  const ask = (...given) => {
    cancel();
    timer = setTimeout(() => {
      timer = null;
      work(...given);
    }, ms);
  };
  return Object.assign(ask, { cancel });
}

/** Call `work` once in the next animation frame, however often it is asked for. */
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
