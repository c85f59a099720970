// Links and forms of the page arrive in the content, and the bar of links shows where one is.
import { scrollPortalToTop } from "./frame.js";

let underWay = null;

function sectionOf(path) {
  return path === "/" || path === "/app/" ? "/workflows/" : path;
}

function markCurrent(path) {
  for (const link of document.querySelectorAll(".navigation a")) {
    const isCurrent = sectionOf(path).startsWith(new URL(link.href).pathname);
    if (isCurrent) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function pathOf(detail) {
  const address = detail.xhr.responseURL || detail.pathInfo.finalRequestPath;
  return new URL(address, location.href).pathname;
}

// Outside the frame the address bar follows; what was asked for by a link htmx remembers by itself.
function remember({ xhr }) {
  if (document.body.dataset.channel === "browser") history.pushState({ htmx: true }, "", xhr.responseURL);
}

// Boosted links and forms aim at the whole body; what comes back is a dialog or the content.
function aim(event) {
  const { detail } = event;
  const isPlainNavigation = detail.boosted && detail.target === document.body;
  const isDialog = /^\s*<dialog/.test(detail.serverResponse ?? "");
  const isRefusedSelection = detail.target.id.startsWith("selection-") && detail.xhr.status >= 400;
  if (isDialog || isRefusedSelection) detail.target = document.getElementById("dialog-slot");
  else if (isPlainNavigation || (detail.target.id === "dialog-slot" && pathOf(detail).startsWith("/jobs/"))) {
    // A confirmed dialog became a job: its page is no dialog.
    detail.target = document.getElementById("content");
    if (!isPlainNavigation) remember(detail);
  }
}

function arrive(event) {
  const { target, detail } = event;
  if (target.id !== "content") return;
  markCurrent(pathOf(detail));
  globalThis.scrollTo(0, 0);
  scrollPortalToTop();
  // The element that was pressed is gone: reading goes on at the new content, not at the top of the page.
  if (document.activeElement === document.body) target.focus({ preventScroll: true });
}

// Of two links pressed one after the other the last one counts, whichever answer comes first.
function supersede(event) {
  const { detail } = event;
  if (!detail.boosted || detail.requestConfig.verb !== "get") return;
  underWay?.abort();
  underWay = detail.xhr;
}

export function start() {
  document.addEventListener("htmx:beforeSwap", aim);
  document.addEventListener("htmx:afterSwap", arrive);
  document.addEventListener("htmx:beforeRequest", supersede);
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr === underWay) underWay = null;
  });
}
