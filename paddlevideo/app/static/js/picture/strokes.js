// Strokes as geometry. Points are [x, y] in 0..1 of the picture's width and height, as the server has them.

import { clamp } from "../ui/dom.js";

const GRID = 120; // cells along the picture's short side in which the network sees strokes
const MOST_POINTS = 1900;
const CLICK = 1.2; // cells: the least radius of a click, which the network would hardly see otherwise

/** Size of a grid cell in the video's pixels. @param {{width: number, height: number}} video */
export const cellOf = ({ width, height }) => Math.max(1, Math.min(width, height) / GRID);

/**
 * Turn what was drawn into a stroke: its line, and the brush's radius. A click is one point.
 * @param {Point[]} drawn points in the video's pixels
 * @param {number} radius of the brush, in the video's pixels
 * @param {VideoFacts} video
 * @returns {Pick<NewStroke, "points" | "shape" | "radius">}
 */
export function strokeOf(drawn, radius, video) {
  const cell = cellOf(video);
  const line = thin(drawn, cell / 4);
  const click = pathLength(line) < cell / 2;
  const path = click ? line.slice(0, 1) : limit(line);
  const points = path.map(/** @returns {Point} */ ([x, y]) => [share(x, video.width), share(y, video.height)]);
  return { points, shape: click ? "click" : "line", radius: share(click ? Math.max(radius, CLICK * cell) : radius, video.width) };
}

/** The middle of a stroke's points. @param {Point[]} points @returns {Point} */
export function middle(points) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [(Math.min(...xs) + Math.max(...xs)) / 2, (Math.min(...ys) + Math.max(...ys)) / 2];
}

/** A line that was drawn, as points for the mask brush. @param {Point[]} drawn in the video's pixels @param {VideoFacts} video */
export function linePoints(drawn, video) {
  return thin(drawn, 0.25).map(/** @returns {Point} */ ([x, y]) => [exact(x / video.width), exact(y / video.height)]);
}

/** @param {number} value */
const exact = (value) => Math.round(clamp(value, 0, 1) * 1e7) / 1e7;

/**
 * The stroke that is nearest to `point` (video pixels), by its edge, then by its line, of several as near the last one;
 * undefined where none is within `radius`.
 * @param {Stroke[]} strokes
 * @param {Point} point
 * @param {number} radius
 * @param {VideoFacts} video
 */
export function nearestStroke(strokes, point, radius, video) {
  /** @type {Stroke | undefined} */
  let nearest;
  let least = radius;
  let leastToLine = Infinity;
  for (const stroke of strokes) {
    const path = stroke.points.map(/** @returns {Point} */ ([x, y]) => [x * video.width, y * video.height]);
    const away = path.map((end, i) => fromSegment(point, path[Math.max(0, i - 1)], end));
    const line = Math.min(...away);
    const off = Math.max(0, line - stroke.radius * video.width);
    if (off < least || (off === least && line <= leastToLine)) [nearest, least, leastToLine] = [stroke, off, line];
  }
  return nearest;
}

/** @param {number} value @param {number} size */
const share = (value, size) => Math.round(clamp(value / size, 0, 1) * 1e5) / 1e5;
/** @param {Point} one @param {Point} other */
const distance = ([ax, ay], [bx, by]) => Math.hypot(ax - bx, ay - by);
/** @param {Point[]} path */
const pathLength = (path) => path.reduce((sum, point, i) => (i ? sum + distance(point, path[i - 1]) : 0), 0);

/**
 * Leave out points that lie within `tolerance` of the line without them (Douglas and Peucker).
 * @param {Point[]} path
 * @param {number} tolerance
 * @returns {Point[]}
 */
function thin(path, tolerance) {
  if (path.length < 3) return path;
  const [first, last] = [path[0], path[path.length - 1]];
  let far = 0;
  let most = 0;
  for (let i = 1; i < path.length - 1; i += 1) {
    const off = fromSegment(path[i], first, last);
    if (off > most) [far, most] = [i, off];
  }
  if (most <= tolerance) return [first, last];
  return [...thin(path.slice(0, far + 1), tolerance).slice(0, -1), ...thin(path.slice(far), tolerance)];
}

/** Cut a path of too many points down evenly. @param {Point[]} path */
function limit(path) {
  if (path.length <= MOST_POINTS) return path;
  const step = (path.length - 1) / (MOST_POINTS - 1);
  return Array.from({ length: MOST_POINTS }, (_, i) => path[Math.round(i * step)]);
}

/** @param {Point} point @param {Point} start @param {Point} end */
function fromSegment(point, start, end) {
  const [dx, dy] = [end[0] - start[0], end[1] - start[1]];
  const length = dx * dx + dy * dy;
  const along = length ? clamp(((point[0] - start[0]) * dx + (point[1] - start[1]) * dy) / length, 0, 1) : 0;
  return distance(point, [start[0] + along * dx, start[1] + along * dy]);
}
