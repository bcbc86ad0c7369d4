// The server's calls, one function each; failures are ApiError with a code that the page translates.

export class ApiError extends Error {
  /** @param {string} code @param {string} message @param {object} values @param {number} status 0: no answer */
  constructor(code, message, values = {}, status = 0) {
    super(message);
    Object.assign(this, { code, values, status });
  }
}

async function call(method, path, { json, body, signal, keepalive } = {}) {
  const request = { method, signal, keepalive, headers: {} };
  if (json !== undefined) {
    request.headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(json);
  } else if (body !== undefined) {
    request.headers["Content-Type"] = "application/octet-stream";
    request.body = body;
  }
  let answer;
  try {
    answer = await fetch(`api/${path}`, request);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("no_answer", "the server does not answer");
  }
  if (!answer.ok) throw await failure(answer);
  return answer.status === 204 ? null : answer.json();
}

async function failure(answer) {
  const told = await answer.json().catch(() => null);
  const { code = "unknown", message = answer.statusText, values = {} } = told?.error ?? {};
  return new ApiError(code, message, values, answer.status);
}

const query = (values) => new URLSearchParams(values).toString();
const project = (id) => `projects/${encodeURIComponent(id)}`;

export const getState = () => call("GET", "state");
export const browse = (folder, path) => call("GET", `browse?${query({ folder, path })}`);
export const listProjects = () => call("GET", "projects");
export const openFile = (folder, path) => call("POST", "projects", { json: { folder, path } });
export const getProject = (id) => call("GET", project(id));
export const patchProject = (id, change) => call("PATCH", project(id), { json: change, keepalive: true });
export const deleteProject = (id) => call("DELETE", project(id));

export const startUpload = (name, bytes) => call("POST", "uploads", { json: { name, bytes } });
export const sendChunk = (id, offset, body, signal) => call("PUT", `uploads/${id}?${query({ offset })}`, { body, signal });
export const finishUpload = (id) => call("POST", `uploads/${id}/finish`);
export const dropUpload = (id) => call("DELETE", `uploads/${id}`);

export const addObject = (id, revision, name) => call("POST", `${project(id)}/objects`, { json: { name, revision } });
export const patchObject = (id, revision, object, change) =>
  call("PATCH", `${project(id)}/objects/${object}`, { json: { ...change, revision } });
export const removeObject = (id, revision, object) =>
  call("DELETE", `${project(id)}/objects/${object}?${query({ revision })}`);

export const addStroke = (id, revision, stroke) => call("POST", `${project(id)}/strokes`, { json: { ...stroke, revision } });
/** Say that a stroke is being drawn: the server then keeps the model free for its answer. */
export const hold = (id, frame) => call("POST", `${project(id)}/hold`, { json: { frame } });
export const eraseStrokes = (id, revision, keys) => call("POST", `${project(id)}/erase`, { json: { keys, revision } });
/** @param {boolean} wholeRound all steps of a round, not the last one alone */
export const undo = (id, revision, wholeRound) => step("undo", id, revision, wholeRound);
export const redo = (id, revision, wholeRound) => step("redo", id, revision, wholeRound);
const step = (way, id, revision, wholeRound) =>
  call("POST", `${project(id)}/${way}`, { json: { revision, whole_round: wholeRound } });

export const propagate = (id, revision, span) => call("POST", `${project(id)}/propagate`, { json: { span, revision } });
/** @param {"pause"|"resume"|"cancel"} what */
export const steer = (id, what) => call("POST", `${project(id)}/${what}`);

export const exportKinds = () => call("GET", "export-kinds");
export const startExport = (id, kind) => call("POST", `${project(id)}/exports`, { json: { kind } });
export const listExports = (id) => call("GET", `${project(id)}/exports`);

export const frameUrl = (id, frame, width) =>
  `api/${project(id)}/frames/${frame}.jpg${width ? `?${query({ w: width })}` : ""}`;
export const thumbUrl = (id, frame) => `api/${project(id)}/thumbs/${frame}.jpg`;
export const maskUrl = (id, frame, revision) => `api/${project(id)}/masks/${frame}.png?${query({ rev: revision })}`;
export const eventsUrl = (id) => `api/${project(id)}/events`;
