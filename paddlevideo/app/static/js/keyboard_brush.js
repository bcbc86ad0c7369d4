// Drawing without a mouse: Alt and the arrows move the brush over the picture, Enter begins and ends a stroke.

import { cellOf } from "./strokes.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

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
      const reach = (event.shiftKey ? 8 : 2) * cellOf(store.get("doc").video) * view.scale;
      const [dx, dy] = STEPS[event.key];
      const [x, y] = picture.pointer ?? centre();
      picture.pointer = [x + dx * reach, y + dy * reach];
      picture.drawing?.points.push(view.toPicture(...picture.pointer));
      picture.drawTop();
    } else if (event.key === "Enter") {
      event.preventDefault();
      picture.pointer ??= centre();
      if (picture.drawing) end();
      else begin();
      picture.drawTop();
    }
  });

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
