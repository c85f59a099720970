// What the person chose: kept in memory by workflow, so that it survives going from page to page.
import { Everything } from "./everything.js";
import { number, sentence } from "./sentences.js";
import { announce } from "./notices.js";

const ANNOUNCE_EVERY_MS = 10 * 1000;
const ASK_AGAIN_MS = 3 * 1000;
const SNAPSHOTS = "/workflows/snapshots/";

/** Picked by hand: workflow's ID → the row as the server packed and signed it. */
const chosen = new Map();
/** Everything at once, where that was chosen. */
let snapshot = null;
/** The reference of a list that is still being read, and the address that it was asked for at. */
let reading = "";
let cancelled = "";
let askedAt = "";
/** Whether an answer to "all" is still welcome: not any more once everything was cleared. */
let isExpected = false;
let lastTicked = null;
let saidAt = 0;

function boxes() {
  return [...document.querySelectorAll('input[name="selected"]:not(:disabled)')];
}

/** Those that "all" takes: not those of protected templates, each of which is ticked by itself. */
function free() {
  return boxes().filter((box) => !box.hasAttribute("data-protected"));
}

function slot() {
  return document.getElementById("selection-snapshot");
}

function isChosen(id) {
  return chosen.has(id) || Boolean(snapshot?.has(id));
}

function count() {
  return chosen.size + (snapshot?.count ?? 0);
}

/** Choose one workflow, or take it back. */
function choose(box, isWanted) {
  const id = box.dataset.workflow;
  box.checked = isWanted;
  if (snapshot?.isMember(id)) snapshot.set(id, isWanted);
  else if (isWanted) chosen.set(id, box.value);
  else chosen.delete(id);
}

/** Take back what can no longer be chosen, because it is being stopped already. */
export function takeBack(ids) {
  const before = count();
  for (const id of ids) {
    chosen.delete(id);
    if (snapshot?.isMember(id)) snapshot.set(id, false);
  }
  if (count() !== before) tell();
}

/** Show what is chosen: ticks, the count, the bar. */
function draw() {
  const bar = document.querySelector("[data-selection-bar]");
  if (!bar) return;
  const all = boxes();
  for (const box of all) box.checked = isChosen(box.dataset.workflow);
  const ticked = all.filter((box) => box.checked).length;
  const allBox = document.querySelector("[data-select-page]");
  if (allBox) {
    const wanted = free();
    allBox.checked = wanted.length > 0 && wanted.every((box) => box.checked);
    allBox.indeterminate = ticked > 0 && !allBox.checked;
  }
  bar.hidden = count() === 0 && !slot().firstElementChild;
  const space = document.querySelector("[data-selection-space]");
  if (space) space.hidden = bar.hidden;
  drawOffer(bar.querySelector("[data-selection-all]"));
  bar.querySelector("[data-selection-count]").textContent = summary();
  bar.querySelector("[data-selection-terminate]").hidden = count() === 0;
}

// Everything is offered unless just that is chosen, or being read.
function drawOffer(offer) {
  if (!offer) return;
  const isTaken = snapshot?.askedAt === offer.getAttribute("hx-post") && snapshot.leftOut.size === 0;
  const hadFocus = document.activeElement === offer;
  offer.hidden = Boolean(reading) || isTaken;
  if (hadFocus && offer.hidden) {
    const next = document.getElementById("cancel-snapshot") ?? document.querySelector("[data-selection-clear]");
    next?.focus({ preventScroll: true });
  }
}

function summary() {
  const values = { count: number(count()), moment: snapshot?.asOf ?? "" };
  if (!snapshot) return sentence("selected", values);
  return sentence(isOfAnotherFilter() ? "selectedElsewhere" : "selectedAsOf", values);
}

// What was chosen stays chosen when the list is filtered otherwise; then it is not what one looks at.
function isOfAnotherFilter() {
  const shown = document.querySelector("[data-selection-bar]")?.dataset.filter;
  return shown !== undefined && snapshot.filter !== shown;
}

function tell() {
  draw();
  announce(summary());
}

/** Forget everything that was chosen, and what is being read for it. */
export function clear() {
  if (reading) cancel(reading);
  chosen.clear();
  snapshot = null;
  reading = "";
  isExpected = false;
  lastTicked = null;
  slot()?.replaceChildren();
  tell();
}

function cancel(reference) {
  cancelled = reference;
  ask("POST", `${SNAPSHOTS}${reference}/cancel/`, "#selection-snapshot");
}

function ask(verb, path, target, values = {}) {
  return globalThis.htmx.ajax(verb, path, { source: document.body, target, swap: "innerHTML", values });
}

// With Shift pressed everything between the last tick and this one follows.
function chooseUpTo(box, isRange) {
  const all = boxes();
  const from = isRange ? all.findIndex((each) => each.dataset.workflow === lastTicked) : -1;
  const to = all.indexOf(box);
  const range = from < 0 ? [box] : all.slice(Math.min(from, to), Math.max(from, to) + 1);
  for (const each of range) choose(each, box.checked);
  lastTicked = box.dataset.workflow;
}

function onClick(event) {
  const { target } = event;
  if (target.matches?.('input[name="selected"]')) {
    chooseUpTo(target, event.shiftKey);
    tell();
  } else if (target.matches?.("[data-select-page]")) {
    for (const box of target.checked ? free() : boxes()) choose(box, target.checked);
    tell();
  } else if (target.closest?.("[data-selection-clear]")) {
    clear();
  }
}

// What the server says of the list that is read, or was: how far it is, that it is there, or why it is not.
function takeSnapshot() {
  const told = slot().querySelector("[data-snapshot-state]");
  const { snapshotState: state, announcement = "" } = told?.dataset ?? {};
  const reference = told?.dataset.snapshot;
  const isUnasked = !isExpected && (reference ? reference !== reading : !reading);
  if (told && (isUnasked || (reference && reference === cancelled))) {
    // An answer that was under way when it was cancelled, or everything cleared.
    slot().replaceChildren();
    if (reference && state === "reading" && reference !== cancelled) cancel(reference);
    draw();
    return;
  }
  isExpected = false;
  reading = state === "reading" ? told.dataset.snapshot : "";
  if (state === "done") {
    chosen.clear();
    snapshot = new Everything(told, askedAt);
    tell();
    askForMembers();
    return;
  }
  draw();
  const isDue = state !== "reading" || Date.now() - saidAt > ANNOUNCE_EVERY_MS;
  if (announcement && isDue) {
    saidAt = Date.now();
    announce(announcement);
  }
}

// Which of the rows shown belong to it only the server knows: some are newer, or of a protected template.
function askForMembers() {
  if (!snapshot) return;
  const shown = [...document.querySelectorAll('input[name="selected"]')].map((box) => box.dataset.workflow);
  const unknown = snapshot.ask(shown);
  if (unknown.length === 0) return;
  ask("POST", `${SNAPSHOTS}${snapshot.reference}/members/`, "#selection-members", { workflow: unknown });
}

function takeMembers(place) {
  const told = place.querySelector("[data-members-of]");
  if (told && told.dataset.membersOf === snapshot?.reference) {
    const members = told.dataset.members.split(" ").filter(Boolean);
    snapshot.learn(members);
    for (const id of members) chosen.delete(id);
  } else if (place.querySelector('[data-snapshot-state="ended"]') && snapshot) {
    // Kept for a day, and this page is older.
    snapshot = null;
    slot()?.replaceChildren(...place.childNodes);
    announce(slot()?.innerText ?? "");
  }
  place.replaceChildren();
  draw();
}

// Rows that belong to it must not look as if they did not: without an answer it is asked again.
function askAgainForMembers({ detail }) {
  const { requestConfig, successful, xhr } = detail;
  if (successful || !snapshot || requestConfig.path !== `${SNAPSHOTS}${snapshot.reference}/members/`) return;
  snapshot.forget(requestConfig.formData.getAll("workflow"));
  // A refusal is said; where nothing was heard the connection may be back.
  if (xhr.status === 0) setTimeout(askForMembers, ASK_AGAIN_MS);
}

// Another page of the list, with a bar of its own: what was being read is shown there too.
function takeList() {
  draw();
  const place = slot();
  if (!place || place.firstElementChild) return;
  if (reading) ask("GET", `${SNAPSHOTS}${reading}/`, "#selection-snapshot");
  else if (snapshot?.note) {
    const note = document.createElement("span");
    note.className = "muted";
    note.textContent = snapshot.note;
    place.append(note);
  }
  askForMembers();
}

function onSwap({ target }) {
  if (target.id === "selection-snapshot") takeSnapshot();
  else if (target.id === "selection-members") takeMembers(target);
  else if (target.id === "content") takeList();
  else draw();
}

function sayReading(event) {
  const { elt, requestConfig } = event.detail;
  if (!elt.matches("[data-selection-all], #retry-snapshot")) return;
  askedAt = requestConfig.path;
  isExpected = true;
  const place = document.querySelector("[data-selection-count]");
  if (place) place.textContent = sentence("reading");
  saidAt = Date.now();
  announce(sentence("reading"));
}

// The dialog is asked for with everything chosen, also what is on other pages. Of everything at once only the
// reference travels, and what was taken out of it or added.
function addChosen(event) {
  const { detail } = event;
  if (!detail.elt.matches("[data-selection-terminate]")) return;
  detail.formData.delete("selected");
  if (snapshot) {
    detail.formData.append("snapshot", snapshot.reference);
    for (const id of snapshot.leftOut) detail.formData.append("left_out", id);
  }
  for (const packed of chosen.values()) detail.formData.append("selected", packed);
}

// A job has been made of it: the selection has served.
function forget(event) {
  const { requestConfig, xhr, successful } = event.detail;
  if (requestConfig.verb !== "post" || !successful) return;
  const became = new URL(xhr.responseURL || location.href, location.href).pathname;
  if (requestConfig.path === "/terminations/" && became.startsWith("/jobs/")) clear();
}

export function start() {
  document.addEventListener("click", onClick);
  document.addEventListener("htmx:configRequest", addChosen);
  document.addEventListener("htmx:afterRequest", forget);
  document.addEventListener("htmx:beforeRequest", sayReading);
  document.addEventListener("htmx:afterRequest", askAgainForMembers);
  document.addEventListener("htmx:afterRequest", draw);
  document.addEventListener("htmx:afterSwap", onSwap);
  draw();
}
