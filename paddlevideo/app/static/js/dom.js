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

/** Call `work` at most once in `ms`, after the last request; `flush()` does at once what still waits. */
export function later(work, ms) {
  let timer = 0;
  let due = null;
  const flush = () => {
    clearTimeout(timer);
    due?.();
    due = null;
  };
  const ask = (...given) => {
    due = () => work(...given);
    clearTimeout(timer);
    timer = setTimeout(flush, ms);
  };
  return Object.assign(ask, { flush });
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
