// The tool rail on the left: tools, brush size, opacity, outline, strokes.

import { actionButton, pressed, slider } from "../ui/controls.js";
import { el } from "../ui/dom.js";
import { t } from "../ui/i18n.js";
import { known, learned } from "./first_steps.js";
import { WIDEST } from "./touch_up.js";

const TOOLS = ["brush", "background", "box", "mask", "eraser", "pan"];
const [LEAST, MOST] = [0.002, 0.1]; // brush, of the picture's width

/** @param {EditorStore} store @param {Actions} actions @returns {HTMLElement} */
export function buildRail(store, actions) {
  const tools = TOOLS.map((name) => actionButton(actions, name, { class: "tool" }));
  const outline = actionButton(actions, "outline");
  const strokes = actionButton(actions, "strokes");
  // The size slider is logarithmic: small brushes need fine steps.
  const size = slider(t("rail.size"), { min: 0, max: 1, step: 0.01, class: "vertical" }, (at) =>
    store.set(store.get("tool") === "mask" ? { line: Math.round(WIDEST ** at) } : { brush: LEAST * (MOST / LEAST) ** at }),
  );
  const opacity = slider(t("rail.opacity"), { min: 0, max: 1, step: 0.05, class: "vertical" }, (at) =>
    store.set({ opacity: at }),
  );
  size.dataset.keys = "[ ]";
  opacity.dataset.keys = ", .";

  const update = () => {
    tools.forEach((button, i) => pressed(button, !store.get("result") && store.get("tool") === TOOLS[i]));
    const { objects } = store.get("doc");
    const color = objects.find((each) => each.id === store.get("object"))?.color ?? "";
    for (const tool of [tools[0], tools[2], tools[3]]) tool.style.setProperty("--tool-color", color);
    pressed(outline, store.get("outline"));
    pressed(strokes, store.get("strokesShown"));
    const { video } = store.get("doc");
    const masking = store.get("tool") === "mask";
    const pixels = masking ? store.get("line") : Math.max(1, Math.round(store.get("brush") * video.width));
    size.setAttribute("aria-valuetext", t("rail.pixels", { pixels }));
    opacity.setAttribute("aria-valuetext", t("rail.percent", { percent: Math.round(100 * store.get("opacity")) }));
    const at = masking ? Math.log(pixels) / Math.log(WIDEST) : Math.log(store.get("brush") / LEAST) / Math.log(MOST / LEAST);
    size.value = String(at);
    opacity.value = String(store.get("opacity"));
    const { result, look } = store.values;
    opacity.disabled = result ? look !== "mask" : store.get("outline");
    outline.disabled = strokes.disabled = result;
  };
  store.subscribe(["result", "look", "tool", "object", "doc", "outline", "strokesShown", "brush", "line", "opacity"], update);
  update();

  if (!known("tools")) [...tools, outline, strokes].forEach(label);
  return el(
    "nav",
    { class: known("tools") ? "rail" : "rail named", "aria-label": t("rail.label") },
    el("div", { class: "rail-group", role: "group", "aria-label": t("rail.tools") }, ...tools),
    el("div", { class: "rail-group" }, size, el("span", { class: "rail-word", text: t("rail.sizeShort") })),
    el("div", { class: "rail-group" }, opacity, el("span", { class: "rail-word", text: t("rail.opacityShort") })),
    el("div", { class: "rail-group" }, outline, strokes),
  );
}

/** Write its name below a tool's icon, as long as the tools are new to the person. @param {HTMLElement} button */
function label(button) {
  button.append(el("span", { class: "tool-name", text: t(`rail.${button.dataset.action}`), "aria-hidden": "true" }));
  button.addEventListener("click", () => learned("tools")); // they are gone when the next project is opened
}
