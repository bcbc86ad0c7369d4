// The project's events: masks, jobs and changes of other tabs, as the server sends them.

import { eventsUrl } from "./api.js";

const RETRY = 1500; // ms

/**
 * Listen to a project until the returned function is called.
 * @param {string} id
 * @param {EventHandlers} handlers
 */
export function listen(id, handlers) {
  /** @type {EventSource} */
  let source;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let ended = false;

  const open = () => {
    source = new EventSource(eventsUrl(id));
    source.onopen = () => handlers.connected(true);
    source.onerror = () => {
      if (ended) return;
      handlers.connected(false);
      source.close();
      timer = setTimeout(open, RETRY);
    };
    for (const name of /** @type {const} */ (["mask", "job", "document", "embedded", "warming"]))
      source.addEventListener(name, (event) => handlers[name](JSON.parse(event.data)));
  };
  open();
  return () => {
    ended = true;
    clearTimeout(timer);
    source.close();
  };
}
