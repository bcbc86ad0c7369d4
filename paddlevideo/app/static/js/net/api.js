// The server's calls, one function each; failures are ApiError with a code that the page translates.

export class ApiError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {Failure["values"]} values
   * @param {number} status 0: no answer
   */
  constructor(code, message, values = {}, status = 0) {
    super(message);
    this.code = code;
    this.values = values;
    this.status = status;
  }
}

/** What was caught, as a failure: an ApiError is one, any other has no code. @param {unknown} caught @returns {Failure} */
export function asFailure(caught) {
  return caught instanceof ApiError ? caught : { code: "", message: caught instanceof Error ? caught.message : String(caught) };
}

/**
 * @param {string} method
 * @param {string} path
 * @param {{json?: unknown, body?: Blob, signal?: AbortSignal, keepalive?: boolean}} options
 * @returns {Promise<any>} the answer's JSON, as the functions below say; null where it has none
 */
async function call(method, path, { json, body, signal, keepalive } = {}) {
  /** @type {RequestInit & {headers: Record<string, string>}} */
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
    if (error instanceof Error && error.name === "AbortError") throw error;
    throw new ApiError("no_answer", "the server does not answer");
  }
  if (!answer.ok) throw await failure(answer);
  return answer.status === 204 ? null : answer.json();
}

/** @param {Response} answer */
async function failure(answer) {
  const told = await answer.json().catch(() => null);
  const { code = "unknown", message = answer.statusText, values = {} } = told?.error ?? {};
  return new ApiError(code, message, values, answer.status);
}

/** @param {Record<string, string | number>} values */
const query = (values) =>
  new URLSearchParams(Object.entries(values).map(([key, value]) => [key, String(value)])).toString();
/** @param {string} id */
const project = (id) => `projects/${encodeURIComponent(id)}`;

/** @type {() => Promise<ServerState>} */
export const getState = () => call("GET", "state");
/** @type {(folder: string, path: string) => Promise<{entries: FolderEntry[]}>} */
export const browse = (folder, path) => call("GET", `browse?${query({ folder, path })}`);
/** @type {() => Promise<ProjectEntry[]>} */
export const listProjects = () => call("GET", "projects");
/** @type {(folder: string, path: string) => Promise<ProjectAnswer>} */
export const openFile = (folder, path) => call("POST", "projects", { json: { folder, path } });
/** @type {(id: string) => Promise<ProjectAnswer>} */
export const getProject = (id) => call("GET", project(id));
/** @type {(id: string, change: {name?: string, revision?: number, settings?: Partial<KeptSettings>}) => Promise<ProjectAnswer>} */
export const patchProject = (id, change) => call("PATCH", project(id), { json: change, keepalive: true });
/** @type {(id: string) => Promise<null>} */
export const deleteProject = (id) => call("DELETE", project(id));

/** @type {(id: string) => Promise<ProjectAnswer>} */
export const duplicateProject = (id) => call("POST", `${project(id)}/duplicate`);
/** @type {() => Promise<ProjectAnswer>} */
export const openDemo = () => call("POST", "demo");

/** @type {(name: string, bytes: number, pictures?: {name: string, bytes: number}[]) => Promise<{id: string, chunk_bytes: number}>} */
export const startUpload = (name, bytes, pictures) => call("POST", "uploads", { json: { name, bytes, pictures } });
/** @type {(id: string, offset: number, body: Blob, signal: AbortSignal) => Promise<{received: number}>} */
export const sendChunk = (id, offset, body, signal) => call("PUT", `uploads/${id}?${query({ offset })}`, { body, signal });
/** @type {(id: string) => Promise<ProjectAnswer>} */
export const finishUpload = (id) => call("POST", `uploads/${id}/finish`);
/** @type {(id: string) => Promise<null>} */
export const dropUpload = (id) => call("DELETE", `uploads/${id}`);

/** @type {(id: string, revision: number, name?: string) => Promise<ProjectAnswer>} */
export const addObject = (id, revision, name) => call("POST", `${project(id)}/objects`, { json: { name, revision } });
/** @type {(id: string, revision: number, object: number, change: Partial<ObjectState>) => Promise<ProjectAnswer>} */
export const patchObject = (id, revision, object, change) =>
  call("PATCH", `${project(id)}/objects/${object}`, { json: { ...change, revision } });
/** @type {(id: string, revision: number, object: number) => Promise<ProjectAnswer>} */
export const removeObject = (id, revision, object) =>
  call("DELETE", `${project(id)}/objects/${object}?${query({ revision })}`);

/** @type {(id: string, revision: number, stroke: NewStroke) => Promise<ProjectAnswer>} */
export const addStroke = (id, revision, stroke) => call("POST", `${project(id)}/strokes`, { json: { ...stroke, revision } });
/** @type {(id: string, revision: number, box: {frame: number, object_id: number, corners: Point[]}) => Promise<ProjectAnswer>} */
export const addBox = (id, revision, box) => call("POST", `${project(id)}/boxes`, { json: { ...box, revision } });
// Says that a stroke is being drawn: the server then keeps the model free for its answer.
/** @type {(id: string, frame: number) => Promise<null>} */
export const hold = (id, frame) => call("POST", `${project(id)}/hold`, { json: { frame } });
/** @type {(id: string, revision: number, keys: string[]) => Promise<ProjectAnswer>} */
export const eraseStrokes = (id, revision, keys) => call("POST", `${project(id)}/erase`, { json: { keys, revision } });
/** @type {(id: string, revision: number, line: {frame: number, object_id: number, points: Point[], width: number, out: boolean}) => Promise<ProjectAnswer>} */
export const paint = (id, revision, line) => call("POST", `${project(id)}/paint`, { json: { ...line, revision } });
/** @type {(id: string, revision: number, change: {frame: number, object_id: number, what: string, pixels: number}) => Promise<ProjectAnswer>} */
export const clean = (id, revision, change) => call("POST", `${project(id)}/clean`, { json: { ...change, revision } });
/** @type {(id: string, revision: number, frame: number, file: File) => Promise<ProjectAnswer>} */
export const giveMask = (id, revision, frame, file) =>
  call("POST", `${project(id)}/masks/${frame}?${query({ name: file.name, revision })}`, { body: file });
/** @type {(id: string, revision: number, file: File) => Promise<ProjectAnswer>} */
export const giveStrokes = (id, revision, file) =>
  call("POST", `${project(id)}/scribbles?${query({ name: file.name, revision })}`, { body: file });
/** @type {(id: string, revision: number, wholeRound: boolean) => Promise<ProjectAnswer>} */
export const undo = (id, revision, wholeRound) => step("undo", id, revision, wholeRound);
/** @type {(id: string, revision: number, wholeRound: boolean) => Promise<ProjectAnswer>} */
export const redo = (id, revision, wholeRound) => step("redo", id, revision, wholeRound);
/** @type {(way: string, id: string, revision: number, wholeRound: boolean) => Promise<ProjectAnswer>} */
const step = (way, id, revision, wholeRound) =>
  call("POST", `${project(id)}/${way}`, { json: { revision, whole_round: wholeRound } });

/** @type {(id: string, revision: number, span: Span | null) => Promise<ProjectAnswer>} */
export const propagate = (id, revision, span) => call("POST", `${project(id)}/propagate`, { json: { span, revision } });
/** @type {(id: string, what: "pause" | "resume" | "cancel") => Promise<ProjectAnswer>} */
export const steer = (id, what) => call("POST", `${project(id)}/${what}`);

/** @type {() => Promise<ExportKind[]>} */
export const exportKinds = () => call("GET", "export-kinds");
/** @type {(id: string, kind: string, wanted: Wanted) => Promise<{job: Job}>} */
export const startExport = (id, kind, wanted) => call("POST", `${project(id)}/exports`, { json: { kind, ...wanted } });
/** @type {(id: string) => Promise<ExportFile[]>} */
export const listExports = (id) => call("GET", `${project(id)}/exports`);

/** @type {(id: string, frame: number, width: number | null) => string} */
export const frameUrl = (id, frame, width) =>
  `api/${project(id)}/frames/${frame}.jpg${width ? `?${query({ w: width })}` : ""}`;
// The stored pictures of a film, for the browser's own decoder: see `FilmFacts` of the server.
/** @type {(id: string) => Promise<{codec: string, header: string}>} */
export const getFilm = (id) => call("GET", `${project(id)}/film`);
/** @type {(id: string, frame: number) => string} */
export const filmUrl = (id, frame) => `api/${project(id)}/film/${frame}`;
/** @type {(id: string, frame: number) => string} */
export const thumbUrl = (id, frame) => `api/${project(id)}/thumbs/${frame}.jpg`;
/** @type {(id: string, frame: number, revision: number) => string} */
export const maskUrl = (id, frame, revision) => `api/${project(id)}/masks/${frame}.png?${query({ rev: revision })}`;
/** @type {(id: string) => string} */
export const eventsUrl = (id) => `api/${project(id)}/events`;
