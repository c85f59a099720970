// Parts of the page that ask for themselves anew while something changes: not while nobody looks, and never under
// the person's finger.
import { isPressed } from "./press.js";

function livePart(element) {
  return element.closest?.("[data-live]");
}

// Nobody sees a hidden page: it asks again when it is shown.
function rest(event) {
  const { elt } = event.detail;
  if (document.hidden && elt.hasAttribute?.("data-live")) event.preventDefault();
}

function hasSelection(part) {
  const selection = document.getSelection();
  return Boolean(selection) && !selection.isCollapsed && part.contains(selection.anchorNode);
}

// A press ends on the button it began on, and a text that is being selected stays.
function hold(event) {
  const { detail } = event;
  const isPoll = detail.requestConfig?.verb === "get" && detail.requestConfig.elt === detail.target;
  const part = livePart(detail.target);
  // A refusal is no badge.
  if (detail.xhr.status >= 400 && detail.target.hasAttribute?.("data-quiet")) detail.shouldSwap = false;
  if (isPoll && part === detail.target && (isPressed() || hasSelection(part))) detail.shouldSwap = false;
}

// What runs in the background fails in the background; the next try comes by itself.
function keepQuiet(event) {
  if (event.target.hasAttribute?.("data-quiet")) event.stopImmediatePropagation();
}

// A link in the part put another one in its place, and is gone itself: reading goes on there.
function land(event) {
  const { target, detail } = event;
  if (!detail.boosted || document.activeElement !== document.body) return;
  if (target.hasAttribute?.("data-live")) target.focus({ preventScroll: true });
}

export function start() {
  document.addEventListener("htmx:beforeRequest", rest);
  document.addEventListener("htmx:beforeSwap", hold);
  document.addEventListener("htmx:afterSwap", land);
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(name, keepQuiet, { capture: true });
  }
}
