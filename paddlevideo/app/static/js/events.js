// The project's events: masks, jobs and changes of other tabs, as the server sends them.

import { eventsUrl } from "./api.js";

const RETRY = 1500; // ms

/**
 * Listen to a project until the returned function is called.
 * @param {string} id
 * @param {object} handlers `mask`, `job`, `document`, `embedded` (each given the event's object), `connected` (a boolean)
 */
export function listen(id, handlers) {
  let source = null;
  let timer = 0;
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
    for (const name of ["mask", "job", "document", "embedded"])
      source.addEventListener(name, (event) => handlers[name](JSON.parse(event.data)));
  };
  open();
  return () => {
    ended = true;
    clearTimeout(timer);
    source.close();
  };
}
