// In a frame as high as its content the window scrolls outside, where this page cannot look. Which of its
// elements are on the screen the browser does tell: from them comes the visible band, kept in properties
// of the style sheet, for the bar of the selection and the dialog.

const WATCHED = "tr, .bar, .toolbar, .pager, .card, .empty, .skeleton__row, .counts, .selection-space";
const THRESHOLDS = [0, 0.2, 0.4, 0.6, 0.8, 1];

const bands = new Map();
let observer = null;

function draw() {
  let top = Infinity;
  let bottom = -Infinity;
  for (const [element, band] of bands) {
    if (!element.isConnected) bands.delete(element);
    else if (band.bottom > band.top) {
      top = Math.min(top, band.top);
      bottom = Math.max(bottom, band.bottom);
    }
  }
  if (bottom <= top) return;
  const { style } = document.documentElement;
  const end = globalThis.innerHeight;
  // Near either end the rest is padding: nothing is hidden there.
  const isAtTop = top < 60;
  const isAtEnd = end - bottom < 60;
  const visibleTop = isAtTop ? 0 : top;
  const visibleBottom = isAtEnd ? end : bottom;
  style.setProperty("--visible-top", `${Math.round(visibleTop)}px`);
  style.setProperty("--visible-height", `${Math.round(visibleBottom - visibleTop)}px`);
  style.setProperty("--hidden-below", `${Math.round(end - visibleBottom)}px`);
}

function take(entries) {
  for (const { target, isIntersecting, intersectionRect } of entries) {
    if (isIntersecting) bands.set(target, { top: intersectionRect.top, bottom: intersectionRect.bottom });
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
  watch();
}
