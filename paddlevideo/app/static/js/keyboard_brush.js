// Drawing without a mouse: Alt and the arrows move the brush over the picture, or the view where the hand is chosen;
// Enter begins and ends a stroke.

import { clamp } from "./dom.js";
import { cellOf } from "./strokes.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const PAN = 60; // px that the view moves at a time
const EDGE = 12; // px of the visible part's edge to which the brush does not come: the view moves instead

/**
 * @param {Picture} picture
 * @param {Store} store
 * @param {object} actions as those of Pointer: begin, stroke, erase
 */
export function attachKeyboardBrush(picture, store, actions) {
  const { top, view } = picture;

  const centre = () => [view.box.width / 2, view.box.height / 2];

  top.addEventListener("keydown", (event) => {
    if (event.altKey && event.key in STEPS) {
      event.preventDefault();
      const far = event.shiftKey ? 4 : 1;
      const [dx, dy] = STEPS[event.key].map((each) => each * far);
      if (store.get("tool") === "pan") moveView(dx * PAN, dy * PAN);
      else moveBrush(dx, dy);
    } else if (event.key === "Enter") {
      event.preventDefault();
      picture.pointer ??= centre();
      if (picture.drawing) end();
      else begin();
      picture.drawTop();
    }
  });

  function moveView(dx, dy) {
    view.move(-dx, -dy);
    picture.viewChanged();
  }

  /** Move the brush by so many steps of two cells, inside the picture; the view follows it. */
  function moveBrush(dx, dy) {
    const { left, top: upper, scale, box } = view;
    const { video } = store.get("doc");
    const step = 2 * cellOf(video) * scale;
    const [fromX, fromY] = picture.pointer ?? centre();
    const x = clamp(fromX + dx * step, left, left + video.width * scale);
    const y = clamp(fromY + dy * step, upper, upper + video.height * scale);
    picture.pointer = [clamp(x, EDGE, box.width - EDGE), clamp(y, EDGE, box.height - EDGE)];
    moveView(x - picture.pointer[0], y - picture.pointer[1]);
    picture.drawing?.points.push(view.toPicture(...picture.pointer));
  }

  function begin() {
    if (store.get("tool") === "eraser") return actions.eraseAt(view.toPicture(...picture.pointer));
    const object = store.get("tool") === "pan" ? null : actions.begin();
    if (object !== null) picture.drawing = { points: [view.toPicture(...picture.pointer)], object };
    return undefined;
  }

  function end() {
    const { points, object } = picture.drawing;
    picture.drawing = null;
    actions.stroke(points, object);
  }
}
