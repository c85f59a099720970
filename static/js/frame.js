// All talk with the portal's page around the frame, through its official library.
// The portal may never answer: everything here has a time limit, and no page depends on an answer.
import { sentence } from "./sentences.js";
import { show, withdraw } from "./notices.js";

const INITIALISE_MS = 8000;
const REFRESH_MS = 12000;

let ready = null;
let refreshing = null;

function within(promise, milliseconds) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("no answer in time")), milliseconds);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** Return the library's frame, or null where this page is in no portal or the portal stays silent. */
export async function frame() {
  if (!globalThis.B24Js || globalThis.parent === globalThis) return null;
  ready ??= globalThis.B24Js.initializeB24Frame();
  try {
    return await within(ready, INITIALISE_MS);
  } catch (error) {
    // A refusal leaves the library ready for another try; silence leaves it waiting for the same answer.
    if (error.name === "SdkError") ready = null;
    return null;
  }
}

/**
 * Ask the portal for a fresh token pair; one question at a time.
 * Throws where the portal's own session is over, or nothing answers.
 */
export function refreshedAuth() {
  refreshing ??= (async () => {
    const portal = await frame();
    if (!portal) throw new Error("not in a portal");
    return within(portal.auth.refreshAuth(), REFRESH_MS);
  })().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

/** Set the title over the frame; the portal allows it on the application's main page only. */
export async function setTitle(text) {
  const portal = await frame();
  if (portal?.placement.isDefault) portal.parent.setTitle(text).catch(() => {});
}

/** Ask the portal to make the frame as high as the content. */
export async function fit() {
  const portal = await frame();
  const content = document.getElementById("page");
  if (!portal || !content) return;
  const height = Math.ceil(content.getBoundingClientRect().height);
  // The document is never lower than its frame, so the library's own measure could only grow.
  portal.parent.getScrollSize = () => ({ scrollWidth: content.scrollWidth, scrollHeight: height });
  portal.parent.fitWindow().catch(() => {});
}

/** Show the top of the frame: a new page is read from there. */
export async function scrollPortalToTop() {
  const portal = await frame();
  portal?.parent.scrollParentWindow(0).catch(() => {});
}

/** Open a path of the portal in its slider; the link itself stays the way on where that is refused. */
function openPath(portal, link) {
  const opened = portal.slider.openPath(portal.slider.getUrl(link.dataset.openPath));
  // It settles when the person closes the slider, or at once when the path is refused.
  opened.catch(() => show("path", sentence("pathRefused")));
}

/** End the installation. Never answered: the portal reloads its page. */
export async function finishInstallation() {
  const portal = await frame();
  if (!portal) return false;
  if (portal.isInstallMode) portal.installFinish().catch(() => {});
  return portal.isInstallMode;
}

/** Let a refusal end in a new launch: only the portal's page can open the application again. */
function offerReload() {
  for (const button of document.querySelectorAll("[data-reload-portal]")) button.hidden = false;
}

function onClick(event, portal) {
  if (event.target.closest?.("[data-reload-portal]")) portal?.parent.reloadWindow().catch(() => {});
  const link = event.target.closest?.("a[data-open-path]");
  const isPlain = event.button === 0 && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
  if (!link || !isPlain || !portal) return;
  event.preventDefault();
  openPath(portal, link);
}

// Without the portal's page everything works but its height, its title and its slider; a late answer is welcome.
async function meet() {
  const portal = await frame();
  const isExpected = document.body.dataset.channel === "frame" && globalThis.parent !== globalThis;
  if (portal || !isExpected) return portal;
  show("frame", sentence("frameSilent"), { isError: false });
  const late = await Promise.resolve(ready).catch(() => null);
  if (late) withdraw("frame");
  return late;
}

export function start() {
  let known = null;
  meet().then((portal) => {
    known = portal;
    if (!portal) return;
    offerReload();
    document.addEventListener("htmx:afterSwap", offerReload);
    const content = document.getElementById("page");
    if (content) new ResizeObserver(() => fit()).observe(content);
  });
  document.addEventListener("click", (event) => onClick(event, known));
}
