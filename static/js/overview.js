// The figures on top of the list: asked for again while rows are being stopped, and quiet when they fail.

const EVERY_MS = 10 * 1000;

let wasStopping = false;

function slot() {
  return document.getElementById("overview");
}

function isStopping() {
  return document.querySelector("#content .stopping") !== null;
}

/** Ask for the figures anew, whatever was shown a moment ago. */
function refresh() {
  const place = slot();
  if (!place) return;
  const address = new URL(place.getAttribute("hx-get"), location.href);
  address.searchParams.set("fresh", "1");
  globalThis.htmx.ajax("GET", address.pathname + address.search, { source: place, target: place, swap: "innerHTML" });
}

// They count down with the rows, and once more after the last one.
function watch() {
  if (document.hidden) return;
  const isNow = isStopping();
  if (isNow || wasStopping) refresh();
  wasStopping = isNow;
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
  setInterval(watch, EVERY_MS);
}
