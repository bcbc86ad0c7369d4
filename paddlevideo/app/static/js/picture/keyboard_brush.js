// Drawing without a mouse: Alt and the arrows move the brush over the picture, or the view where the hand is chosen;
// Enter begins and ends a stroke.

import { clamp } from "../ui/dom.js";
import { cellOf } from "./strokes.js";

/** @type {Record<string, Point>} */
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const PAN = 60; // px that the view moves at a time
const EDGE = 12; // px of the visible part's edge to which the brush does not come: the view moves instead

/**
 * @param {import("./picture.js").Picture} picture
 * @param {EditorStore} store
 * @param {StrokeActions} actions
 */
export function attachKeyboardBrush(picture, store, actions) {
  const { top, view } = picture;

  /** @returns {Point} */
  const centre = () => [view.box.width / 2, view.box.height / 2];

  const panning = () => store.get("tool") === "pan" || store.get("result");

  top.addEventListener("keydown", (event) => {
    if (event.altKey && event.key in STEPS) {
      event.preventDefault();
      const far = event.shiftKey ? 4 : 1;
      const [dx, dy] = STEPS[event.key].map((each) => each * far);
      if (panning()) moveView(dx * PAN, dy * PAN);
      else moveBrush(dx, dy);
    } else if (event.key === "Enter") {
      event.preventDefault();
      picture.pointer ??= centre();
      if (picture.drawing) end(picture.drawing);
      else begin(picture.pointer);
      picture.drawTop();
    }
  });

  /** @param {number} dx @param {number} dy */
  function moveView(dx, dy) {
    view.move(-dx, -dy);
    picture.viewChanged();
  }

  /** Move the brush by so many steps of two cells, inside the picture; the view follows it. @param {number} dx @param {number} dy */
  function moveBrush(dx, dy) {
    const { left, top: upper, scale, box } = view;
    const { video } = store.get("doc");
    const step = 2 * cellOf(video) * scale;
    const [fromX, fromY] = picture.pointer ?? centre();
    const x = clamp(fromX + dx * step, left, left + video.width * scale);
    const y = clamp(fromY + dy * step, upper, upper + video.height * scale);
    picture.pointer = [clamp(x, EDGE, box.width - EDGE), clamp(y, EDGE, box.height - EDGE)];
    moveView(x - picture.pointer[0], y - picture.pointer[1]);
    const to = view.toPicture(...picture.pointer);
    if (picture.drawing?.box) picture.drawing.points[1] = to;
    else picture.drawing?.points.push(to);
  }

  /** @param {Point} at */
  function begin(at) {
    if (panning()) return;
    if (store.get("tool") === "eraser") {
      actions.eraseAt(view.toPicture(...at));
      return;
    }
    picture.drawing = actions.begin(view.toPicture(...at));
  }

  /** @param {Drawing} drawing */
  function end(drawing) {
    picture.drawing = null;
    actions.stroke(drawing);
  }
}
