// Waiting and failing: a skeleton after 150 ms, a sentence after 4 s, a way on when nothing comes.
import { sentence } from "./sentences.js";
import { announce, element, show, withdraw } from "./notices.js";

const SKELETON_MS = 150;
const SENTENCE_MS = 4000;
const ROWS = 9;

const waits = new Map();

function content() {
  return document.getElementById("content");
}

function concernsContent(detail) {
  return Boolean(detail.boosted) || detail.target === content();
}

// What is on its way has its title already: of the link that was pressed, else of what is being read anew.
function titleOf(cause) {
  const link = cause?.closest?.(".navigation a");
  const heading = content().querySelector("h1")?.firstChild;
  const place = link ?? heading ?? document.querySelector('.navigation [aria-current="page"]');
  return place?.textContent.trim() ?? "";
}

function skeleton(xhr, title) {
  const place = element("div", "waiting-place");
  if (title) {
    const head = element("div", "toolbar");
    head.append(element("h1", "page-title", title));
    place.append(head);
  }
  const sentencePlace = element("p", "waiting");
  const rows = element("div", "skeleton");
  rows.setAttribute("aria-hidden", "true");
  for (let row = 0; row < ROWS; row += 1) rows.append(element("div", "skeleton__row"));
  place.append(sentencePlace, rows);
  const timer = setTimeout(() => {
    const cancel = element("button", "button button--link", sentence("cancel"));
    cancel.type = "button";
    cancel.addEventListener("click", () => xhr.abort());
    sentencePlace.append(sentence("slow"), " ", cancel);
    announce(sentence("slow"));
  }, SENTENCE_MS - SKELETON_MS);
  return { place, timer };
}

function begin(event) {
  const { detail } = event;
  const main = content();
  if (!main || !concernsContent(detail) || event.defaultPrevented) return;
  const wait = { place: null, timer: 0 };
  wait.appear = setTimeout(() => {
    Object.assign(wait, skeleton(detail.xhr, titleOf(detail.elt)));
    main.prepend(wait.place);
    main.dataset.waiting = "";
  }, SKELETON_MS);
  main.setAttribute("aria-busy", "true");
  waits.set(detail.xhr, wait);
}

function end(xhr) {
  const wait = waits.get(xhr);
  if (!wait) return;
  waits.delete(xhr);
  clearTimeout(wait.appear);
  clearTimeout(wait.timer);
  wait.place?.remove();
  if (waits.size > 0) return;
  const main = content();
  main.removeAttribute("aria-busy");
  delete main.dataset.waiting;
}

function repeat(config) {
  const source = config.elt?.isConnected ? config.elt : document.body;
  globalThis.htmx.ajax(config.verb.toUpperCase(), config.path, {
    source,
    target: config.target === document.body ? content() : config.target,
    values: config.parameters,
  });
}

/** Say that a request brought nothing: in place where nothing else is shown, else as a notice. */
function failed(title, text, config) {
  const main = content();
  const run = () => repeat(config);
  if (main.children.length > 0 || config.target !== main) {
    show("request", text, { action: { label: sentence("retry"), run } });
    return;
  }
  const place = element("div", "empty");
  place.setAttribute("role", "alert");
  const button = element("button", "button button--primary", sentence("retry"));
  button.type = "button";
  button.addEventListener("click", () => {
    place.remove();
    run();
  });
  place.append(element("h2", "", title), element("p", "", text), button);
  main.append(place);
}

// A refusal of ours is a fragment with a sentence and is shown; a proxy's or a framework's page is not.
function isOurs(xhr) {
  return xhr.status < 400 || /^\s*<(title|dialog)\b/.test(xhr.responseText);
}

function judge(event) {
  const { detail } = event;
  if (!isOurs(detail.xhr)) detail.shouldSwap = false;
}

// The person cancelled the wait: what was there comes back, and an empty place says how to go on.
function cancelled(event) {
  const config = event.detail.requestConfig;
  setTimeout(() => {
    if (waits.size === 0 && content().children.length === 0) {
      failed(sentence("cancelledTitle"), sentence("cancelled"), config);
    }
  });
}

export function start() {
  document.addEventListener("htmx:beforeRequest", begin);
  document.addEventListener("htmx:afterRequest", (event) => end(event.detail.xhr));
  document.addEventListener("htmx:beforeSwap", judge);
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target === content()) withdraw("request");
  });
  document.addEventListener("htmx:sendError", (event) =>
    failed(sentence("unreachableTitle"), sentence("unreachable"), event.detail.requestConfig),
  );
  document.addEventListener("htmx:sendAbort", cancelled);
  document.addEventListener("htmx:timeout", (event) =>
    failed(sentence("unreachableTitle"), sentence("timeout"), event.detail.requestConfig),
  );
  document.addEventListener("htmx:responseError", (event) => {
    const { xhr, requestConfig } = event.detail;
    if (xhr.status !== 401 && !isOurs(xhr)) failed(sentence("failedTitle"), sentence("failed"), requestConfig);
  });
  document.addEventListener("flowstop:unanswered", (event) => {
    // Said once: here together with what was asked for, which is asked again by the same button.
    withdraw("session");
    failed(sentence("failedTitle"), sentence("sessionDead"), event.detail.config);
  });
}
