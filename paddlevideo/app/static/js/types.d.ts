// The types of the page's data, for the check that `make lint` runs; the page loads nothing of this.

/** x and y. */
type Point = [number, number];
/** First and last frame. */
type Span = [number, number];

// ------------------------------------------------------------------------------------- what the server answers

interface VideoFacts {
  frames: number;
  width: number;
  height: number;
  rate: number;
}

interface ObjectState {
  id: number;
  name: string;
  color: string;
  locked: boolean;
  hidden: boolean;
}

/** Points in 0..1 of the picture's width and height; object 0 is the background. */
interface NewStroke {
  frame: number;
  object_id: number;
  points: Point[];
  /** What it was made of. */
  shape: "line" | "click" | "box";
  /** The brush's, a share of the picture's width. */
  radius: number;
}

/** One on its way to the server has no round yet. */
interface Stroke extends NewStroke {
  key: string;
  round?: number;
}

interface Round {
  number: number;
  frame: number;
  propagated: boolean;
  span: Span | null;
  /** Frames that its propagation has given, of how many. */
  done: number;
  total: number;
  /** It is no strokes but the frame's mask. */
  by_hand: boolean;
  objects: number[];
}

/** A value for each frame; `state` is a string of them as the server sends it. */
interface Frames<State> {
  masks: number[];
  state: State;
  changed: (number | null)[];
}

type JobKind = "propagate" | "export" | "decode" | "replay";

interface Job {
  kind: JobKind;
  done: number;
  total: number;
  paused: boolean;
  position: number;
  rate?: number | null;
}

interface Project<State = string[]> {
  id: string;
  name: string;
  revision: number;
  source: string;
  uploaded: boolean;
  video: VideoFacts;
  objects: ObjectState[];
  strokes: Stroke[];
  rounds: Round[];
  /** Frames left of a propagation that was stopped and can go on; 0: none. */
  left: number;
  frames: Frames<State>;
  /** For each object a character a frame: . not in the mask, p in it, s in it and out of date. */
  lanes: Record<number, State>;
  can_undo: boolean;
  can_redo: boolean;
  settings: Partial<KeptSettings>;
  embedded: number;
  job: Job | null;
}

/** A project as the server sends it; the answer to a stroke or an erasing has its frame's mask besides. */
interface ProjectAnswer extends Project<string> {
  frame?: number;
  mask?: string | null;
  /** How a mask that was given was read. */
  guesses?: { code: string; message: string; objects: string }[];
}

interface Failure {
  code: string;
  message: string;
  values?: Record<string, string | number>;
}

interface ServerState {
  version: string;
  limits: { upload_bytes: number; frames: number; pixels: number; seconds: number };
  folders: string[];
  open: string | null;
  demo: boolean;
  error: Failure | null;
  languages: string[];
}

interface FolderEntry {
  name: string;
  path: string;
  kind: "video" | "frames" | "folder";
  note: string;
}

interface ProjectEntry {
  id: string;
  name: string;
  frames: number;
  /** Frames whose masks are current. */
  done: number;
  width: number;
  height: number;
  changed: string;
  thumb: string;
}

interface ExportKind {
  kind: string;
  name: string;
  media_type: string;
  /** Its place among those that are offered first; 0: it is not one of them. */
  preset: number;
  /** Feather has an effect on it. */
  soft: boolean;
}

interface ExportFile {
  name: string;
  kind: string;
  bytes: number;
  url: string;
  /** ISO time. */
  written: string;
  /** Something has changed since. */
  stale: boolean;
  objects: number[];
  grow: number;
  feather: number;
}

/** What an export is of, besides its kind. */
interface Wanted extends Edge {
  objects: number[];
}

// ----------------------------------------------------------------------------------------- the server's events

interface MaskEvent {
  frame: number;
  rev: number;
  state: string;
  lanes: Record<number, string>;
}

interface JobEvent extends Partial<Job> {
  kind: JobKind;
  failed?: Failure;
  finished?: boolean;
  cancelled?: boolean;
  url?: string;
}

interface Progress {
  done: number;
  total: number;
}

interface EventHandlers {
  mask: (event: MaskEvent) => void;
  job: (event: JobEvent) => void;
  document: (event: { revision: number }) => void;
  embedded: (event: Progress) => void;
  warming: (event: Progress) => void;
  connected: (up: boolean) => void;
}

// ------------------------------------------------------------------------------------------- the page's state

type Look = "mask" | "outline" | "cutout" | "matte" | "original";
/** What is behind a cutout. */
type Ground = "checker" | "black" | "white";

type Tool = "brush" | "background" | "box" | "mask" | "eraser" | "pan";

/** What the page finds again when a project is opened. */
interface KeptSettings {
  brush: number;
  opacity: number;
  outline: boolean;
  follow: boolean;
  frame: number;
  tool: Tool;
  /** Width of the mask brush, in the video's pixels. */
  line: number;
  /** Per cent of its width that it paints whatever is there; the rest only where the colour is alike. */
  hardness: number;
  /** Holes and islands of at most so many pixels go. */
  tidy: number;
  object: number;
  span: Span | null;
  strokes: boolean;
  /** How results are looked at, and with which edges, which exports have, too. */
  look: Look;
  ground: Ground;
  grow: number;
  feather: number;
  /** Only the chosen object is shown. */
  solo: boolean;
}

interface EditorValues extends Omit<KeptSettings, "strokes"> {
  doc: Project;
  strokesShown: boolean;
  /** The result is looked at, in place of drawing. */
  result: boolean;
  playing: boolean;
  /** Strokes on their way to the server. */
  pending: Stroke[];
  /** Keys of strokes under the eraser. */
  erasing: Set<string>;
  /** What the server told last of each kind of job, and the one that is shown. */
  jobs: Partial<Record<JobKind, JobEvent>>;
  job: JobEvent | null;
  /** The last event of an export. */
  exported: JobEvent | null;
  /** While the server prepares frames. */
  embedding: Progress | null;
  /** While the server gets the network ready. */
  warming: Progress | null;
  /** Masks that came as events, by frame, and when. */
  came: Map<number, MaskEvent & { at: number }>;
  /** When the last event of each kind of job came. */
  told: Map<JobKind, number>;
  connected: boolean;
  /** Calls under way. */
  busy: number;
  /** The mask brush takes the object away. */
  out: boolean;
  /** The person looks elsewhere: the picture does not follow the propagation under way. */
  stayed: boolean;
  /** The picture goes along with a propagation. */
  following: boolean;
  /** Screen pixels a picture pixel. */
  scale: number;
  /** Never set, only touched: masks changed inside the document. */
  masks?: never;
}

type EditorStore = import("./editor/store.js").Store<EditorValues>;

/** Something a person can do: by a button, by keys such as "b", "Shift+e", "Ctrl+z"; repeats while a key is held. */
interface Action {
  group: string;
  keys: string[];
  /** The frame is for `goTo`, where one was typed. */
  run: (frame?: number) => void;
  repeats?: boolean;
}

type Actions = Record<string, Action>;

/** What pointer and keyboard do to the picture's strokes. */
type StrokeActions = Pick<import("./picture/stroke_calls.js").Strokes, "begin" | "minus" | "stroke" | "erase" | "eraseAt">;

/** A stroke that is being drawn, in the video's pixels. */
interface Drawing {
  points: Point[];
  object: number;
  frame: number;
  /** Of a line on the mask itself: how wide, how hard (0..1), and whether it takes the object away. */
  mask?: { width: number; hardness: number; out: boolean };
  /** Two corners of a box. */
  box?: boolean;
}

// --------------------------------------------------------------------------------------- the notebook's widget

/** What anywidget hands over, as far as the widget needs it. */
interface NotebookModel {
  get(name: "document"): Omit<ProjectAnswer, "frames">;
  get(name: "words"): Record<string, Record<string, string>>;
  on(event: "change:document", heard: () => void): void;
  on(event: "msg:custom", heard: (message: KernelMessage, pictures: DataView[]) => void): void;
  off(event: string, heard: unknown): void;
  send(message: object): void;
}

type KernelMessage =
  | { kind: "frame"; frame: number; revision: number }
  | { kind: "progress"; done: number; total: number }
  | { kind: "error"; message: string };

// ------------------------------------------------------------------------------------------- the mask worker

/** In the video's pixels: how far edges are moved outwards, and over how many they are soft. */
interface Edge {
  grow: number;
  feather: number;
}

interface MaskStyle {
  look: Exclude<Look, "original">;
  /** Of a cutout. */
  ground: Ground;
  edge: Edge;
  /** 256 colours, little-endian RGBA; 0: the object is not shown. */
  colors: Uint32Array;
}

interface MaskOrder {
  ticket: number;
  /** null: the frame has no mask. */
  url: string | null;
  blob: Blob | null;
  /** Width and height. */
  size: Point;
  style: MaskStyle;
  /** Pixels that the picture is to be wide; null: as wide as the mask. */
  width: number | null;
}

interface MaskPainted {
  ticket: number;
  bitmap?: ImageBitmap;
  error?: string;
}
