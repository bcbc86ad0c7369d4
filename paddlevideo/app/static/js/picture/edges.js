// Objects' edges, moved and soft: what paddlevideo/writers/edges.py computes for exports, pixel for pixel.

/** @typedef {{ids: Uint8Array, alpha: Uint8Array}} Edged the object of each pixel that is covered, and how much it is */

/**
 * Move the edges of a mask of ids by `grow` pixels, and let coverage rise over `feather` pixels around them. Background
 * that gets covered is the nearest object's, of two equally near that of the smaller id.
 * @param {Uint8Array} ids 0: background
 * @param {number} width
 * @param {number} height
 * @param {Edge} edge
 * @returns {Edged}
 */
export function edged(ids, width, height, { grow, feather }) {
  const alpha = new Uint8Array(ids.length);
  const box = grow || feather ? boxOf(ids, width, height, reachOf(grow, feather) + 1) : null;
  if (!box) {
    for (let i = 0; i < ids.length; i += 1) alpha[i] = ids[i] ? 255 : 0;
    return { ids, alpha };
  }
  const found = new Uint8Array(ids.length);
  const reach = reachOf(grow, feather);
  const columns = alongColumns(ids, width, box, reach);
  for (let y = box.top; y < box.bottom; y += 1) {
    const row = rowOf(ids, columns, width, box, y, reach);
    for (let x = box.left; x < box.right; x += 1) {
      const i = y * width + x;
      const far = Math.sqrt(row.squares[x - box.left]) - 0.5;
      const level = levelOf((ids[i] ? far : -far) + grow, feather);
      alpha[i] = level;
      if (level) found[i] = ids[i] || row.nearest[x - box.left];
    }
  }
  return { ids: found, alpha };
}

/** How far away a border matters. @param {number} grow @param {number} feather */
const reachOf = (grow, feather) => Math.ceil(Math.abs(grow) + feather / 2) + 1;

/** Coverage, 0..255, so far within the edge. @param {number} distance @param {number} feather */
function levelOf(distance, feather) {
  if (feather <= 0) return distance > 0 ? 255 : 0;
  return Math.round(255 * Math.min(1, Math.max(0, distance / feather + 0.5)));
}

/** @typedef {{left: number, top: number, right: number, bottom: number}} Box without `right` and `bottom` themselves */

/**
 * What holds all objects and `margin` pixels around them; null without any.
 * @type {(ids: Uint8Array, width: number, height: number, margin: number) => Box | null}
 */
function boxOf(ids, width, height, margin) {
  let [left, right, top, bottom] = [width, -1, -1, -1];
  for (let y = 0; y < height; y += 1) {
    const row = y * width;
    for (let x = 0; x < width; x += 1) {
      if (!ids[row + x]) continue;
      if (x < left) left = x;
      if (x > right) right = x;
      if (top < 0) top = y;
      bottom = y;
    }
  }
  if (right < 0) return null;
  return {
    left: Math.max(0, left - margin),
    top: Math.max(0, top - margin),
    right: Math.min(width, right + 1 + margin),
    bottom: Math.min(height, bottom + 1 + margin),
  };
}

/**
 * For each pixel of the box: how far the nearest pixel of the other kind (object, background) is in its column, at most
 * `reach` + 1, and of background the object there.
 * @param {Uint8Array} ids @param {number} width @param {Box} box @param {number} reach
 */
function alongColumns(ids, width, { left, top, right, bottom }, reach) {
  const across = right - left;
  const steps = new Uint8Array(across * (bottom - top));
  const objects = new Uint8Array(steps.length);
  for (const [first, end, by] of [[top, bottom, 1], [bottom - 1, top - 1, -1]]) {
    for (let x = 0; x < across; x += 1) {
      let step = reach + 1;
      let object = 0;
      let before = ids[first * width + left + x];
      for (let y = first; y !== end; y += by) {
        const id = ids[y * width + left + x];
        const place = (y - top) * across + x;
        if (!id !== !before) {
          step = 1;
          object = before;
        } else if (step <= reach) step += 1;
        before = id;
        if (by === 1 || step < steps[place]) {
          steps[place] = step;
          objects[place] = object;
        } else if (step === steps[place] && object && object < objects[place]) objects[place] = object;
      }
    }
  }
  return { steps, objects };
}

/**
 * For each pixel of a row of the box: the square of the distance to the nearest pixel of the other kind, large where
 * that is out of reach, and of background the object there.
 * @param {Uint8Array} ids @param {{steps: Uint8Array, objects: Uint8Array}} columns @param {number} width @param {Box} box
 * @param {number} y @param {number} reach
 */
function rowOf(ids, { steps, objects }, width, { left, top, right }, y, reach) {
  const across = right - left;
  const here = (y - top) * across;
  const start = y * width + left;
  const squares = new Int32Array(across);
  const nearest = new Uint8Array(across);
  const borders = bordersOf(ids, steps, start, here, across, reach);
  for (let x = 0; x < across; x += 1) {
    const kind = !ids[start + x];
    const step = steps[here + x];
    let best = step * step;
    let object = objects[here + x];
    const from = x < reach ? 0 : x - reach;
    const to = x + reach < across ? x + reach : across - 1;
    // Outwards to both sides, as far as something nearer may be.
    for (let dx = 1; borders[to + 1] > borders[from] && dx <= reach && dx * dx <= best; dx += 1) {
      for (let at = x - dx; at <= x + dx; at += 2 * dx) {
        if (at < 0 || at >= across) continue;
        const other = ids[start + at];
        const same = !other === kind;
        const down = steps[here + at];
        const square = dx * dx + (same ? down * down : 0);
        if (square > best) continue;
        const id = same ? objects[here + at] : other;
        if (square < best || (id && (id < object || !object))) object = id;
        best = square;
      }
    }
    squares[x] = best;
    nearest[x] = object;
  }
  return { squares, nearest };
}

/**
 * How many pixels of a row there are before each that have a border within reach in their column, or beside them.
 * @type {(ids: Uint8Array, steps: Uint8Array, start: number, here: number, across: number, reach: number) => Uint32Array}
 */
function bordersOf(ids, steps, start, here, across, reach) {
  const counts = new Uint32Array(across + 1);
  for (let x = 0; x < across; x += 1) {
    const beside = x > 0 && !ids[start + x] !== !ids[start + x - 1];
    counts[x + 1] = counts[x] + (beside || steps[here + x] <= reach ? 1 : 0);
  }
  return counts;
}
