// In a frame as high as its content the window scrolls outside, where this page cannot look. Which of its
// elements are on the screen the browser does tell: from them comes the visible band, kept in properties
// of the style sheet, for the bar of the selection and the dialog. They are told from the top: a frame that grows
// for its content then moves nothing.
import { afterPress, isPressed } from "./press.js";

const WATCHED =
  "tr, .bar, .toolbar, .overview, .filter-bar, .pager, .card, .empty, .skeleton__row, .counts, .selection-space";
const THRESHOLDS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
const PADDING_PX = 60;

const bands = new Map();
let observer = null;

function draw() {
  // The bar moves from under no finger.
  if (isPressed()) return;
  let first = { top: Infinity };
  let last = { bottom: -Infinity };
  for (const [element, band] of bands) {
    if (!element.isConnected) bands.delete(element);
    else if (band.bottom > band.top) {
      if (band.top < first.top) first = band;
      if (band.bottom > last.bottom) last = band;
    }
  }
  const { top } = first;
  const { bottom } = last;
  if (bottom <= top) return;
  const { style } = document.documentElement;
  const end = globalThis.innerHeight;
  // Beyond the first and the last element there is only padding: where they are seen whole, nothing is hidden.
  const isAtTop = first.isWhole && top < PADDING_PX;
  const isAtEnd = last.isWhole && end - bottom < PADDING_PX;
  const visibleTop = isAtTop ? 0 : top;
  const visibleBottom = isAtEnd ? end : bottom;
  style.setProperty("--visible-top", `${Math.round(visibleTop)}px`);
  style.setProperty("--visible-height", `${Math.round(visibleBottom - visibleTop)}px`);
  // The bar stands on the last thing that is seen: at the end of a list that is the room kept for it.
  style.setProperty("--visible-bottom", `${Math.round(bottom)}px`);
}

function take(entries) {
  for (const { target, isIntersecting, intersectionRatio, intersectionRect } of entries) {
    const { top, bottom } = intersectionRect;
    if (isIntersecting) bands.set(target, { top, bottom, isWhole: intersectionRatio > 0.99 });
    else bands.delete(target);
  }
  draw();
}

function watch() {
  observer.disconnect();
  bands.clear();
  for (const element of document.querySelectorAll(WATCHED)) observer.observe(element);
}

export function start() {
  // Where the page scrolls itself, the window is the band.
  if (globalThis.parent === globalThis) return;
  observer = new IntersectionObserver(take, { threshold: THRESHOLDS });
  document.addEventListener("htmx:afterSettle", watch);
  globalThis.addEventListener("resize", watch);
  afterPress(draw);
  watch();
}
