// The figures on top of the list: asked for again while rows are being stopped, and quiet when they fail.

const FIRST_PAUSE_MS = 10 * 1000;
const LONGEST_PAUSE_MS = 80 * 1000;
const WATCH_MS = 2 * 1000;
// A row that is being stopped, and the badge of open jobs.
const STOPPING = '#content [data-mark="stopping"], #jobs-badge[hx-get]';

let wasStopping = false;
let askedAt = 0;
let pauseMs = FIRST_PAUSE_MS;
let shownTiles = "";

function slot() {
  return document.getElementById("overview");
}

/** Ask for the figures anew, whatever was shown a moment ago. */
function refresh(place) {
  const address = new URL(place.getAttribute("hx-get"), location.href);
  address.searchParams.set("fresh", "1");
  // What the list counted when it was drawn is of the past by now.
  address.searchParams.delete("shown");
  globalThis.htmx.ajax("GET", address.pathname + address.search, { source: place, target: place, swap: "innerHTML" });
}

// They count down with the rows, and once more after the last one. Nothing changes under the mouse or the focus,
// and a job that stands still is asked after less and less.
function watch() {
  const place = slot();
  if (!place || document.hidden || place.matches(":hover, :focus-within")) return;
  const tiles = place.querySelector("ul")?.textContent;
  if (tiles === undefined || Date.now() - askedAt < pauseMs) return;
  const isStopping = document.querySelector(STOPPING) !== null;
  if (!isStopping && !wasStopping) {
    pauseMs = FIRST_PAUSE_MS;
    return;
  }
  pauseMs = tiles === shownTiles ? Math.min(2 * pauseMs, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
  shownTiles = tiles;
  wasStopping = isStopping;
  refresh(place);
}

function isOfSlot(event) {
  return event.detail?.target === slot() && slot() !== null;
}

/** Where no figures have come yet a sentence takes their place; figures that are shown stay. */
function fail() {
  const place = slot();
  const sentence = place?.querySelector("template");
  if (!sentence) return;
  place.replaceChildren(sentence.content.cloneNode(true));
  globalThis.htmx.process(place);
}

// The page's own notice would push the list down; and the list is none the worse.
function failQuietly(event) {
  if (!isOfSlot(event) || event.detail.xhr?.status === 401) return;
  event.stopPropagation();
  fail();
}

// Lost rights, or a portal that removed the application: that concerns all of the content.
function aim(event) {
  if (!isOfSlot(event)) return;
  const { detail } = event;
  if (detail.xhr.status === 403) detail.target = document.getElementById("content");
  else if (detail.xhr.status >= 400) detail.shouldSwap = false;
}

export function start() {
  for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(name, failQuietly, { capture: true });
  }
  document.addEventListener("htmx:beforeSwap", aim);
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (isOfSlot(event)) askedAt = Date.now();
  });
  setInterval(watch, WATCH_MS);
}
