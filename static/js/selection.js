// What the person chose: kept in memory by workflow, so that it survives going from page to page.
import { number, sentence } from "./sentences.js";
import { announce } from "./notices.js";

const ANNOUNCE_EVERY_MS = 10 * 1000;
const SNAPSHOTS = "/workflows/snapshots/";

/** Picked by hand: workflow's ID → the row as the server packed and signed it. */
const chosen = new Map();
/**
 * Everything at once is kept by the server: its reference, how many it stands for and as of when, what was
 * taken out of it here, and of which workflows shown so far the server has said whether they belong to it.
 */
let snapshot = null;
/** The reference of a list that is still being read, and the address that it was asked for at. */
let reading = "";
let cancelled = "";
let askedAt = "";
let lastTicked = null;
let saidAt = 0;

function boxes() {
  return [...document.querySelectorAll('input[name="selected"]:not(:disabled)')];
}

function slot() {
  return document.getElementById("selection-snapshot");
}

function isMember(id) {
  return snapshot?.members.get(id) === true;
}

function isChosen(id) {
  return chosen.has(id) || (isMember(id) && !snapshot.leftOut.has(id));
}

function count() {
  return chosen.size + (snapshot ? snapshot.count - snapshot.leftOut.size : 0);
}

/** Choose one workflow, or take it back. */
function choose(box, isWanted) {
  const id = box.dataset.workflow;
  box.checked = isWanted;
  if (isMember(id)) {
    if (isWanted) snapshot.leftOut.delete(id);
    else snapshot.leftOut.add(id);
  } else if (isWanted) chosen.set(id, box.value);
  else chosen.delete(id);
}

/** Take back what can no longer be chosen, because it is being stopped already. */
export function takeBack(ids) {
  const before = count();
  for (const id of ids) {
    chosen.delete(id);
    if (isMember(id)) snapshot.leftOut.add(id);
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
    allBox.checked = all.length > 0 && ticked === all.length;
    allBox.indeterminate = ticked > 0 && ticked < all.length;
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
  return sentence(snapshot ? "selectedAsOf" : "selected", {
    count: number(count()),
    moment: snapshot?.asOf ?? "",
  });
}

function tell() {
  draw();
  announce(summary());
}

/** Forget everything that was chosen, and what is being read for it. */
export function clear() {
  if (reading) ask("POST", `${SNAPSHOTS}${reading}/cancel/`, "#selection-snapshot");
  cancelled = reading;
  chosen.clear();
  snapshot = null;
  reading = "";
  lastTicked = null;
  slot()?.replaceChildren();
  tell();
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
    for (const box of boxes()) choose(box, target.checked);
    tell();
  } else if (target.closest?.("[data-selection-clear]")) {
    clear();
  }
}

// What the server says of the list that is read, or was: how far it is, that it is there, or why it is not.
function takeSnapshot() {
  const told = slot().querySelector("[data-snapshot-state]");
  const { snapshotState: state, announcement = "" } = told?.dataset ?? {};
  if (cancelled && told?.dataset.snapshot === cancelled) {
    // An answer that was under way when it was cancelled.
    slot().replaceChildren();
    draw();
    return;
  }
  reading = state === "reading" ? told.dataset.snapshot : "";
  if (state === "done") {
    chosen.clear();
    snapshot = {
      reference: told.dataset.snapshot,
      count: Number(told.dataset.count),
      asOf: told.dataset.asOf,
      askedAt,
      leftOut: new Set(),
      members: new Map(),
      note: told.innerText.trim(),
    };
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
  const unknown = [...document.querySelectorAll('input[name="selected"]')]
    .map((box) => box.dataset.workflow)
    .filter((id) => !snapshot.members.has(id));
  if (unknown.length === 0) return;
  for (const id of unknown) snapshot.members.set(id, false);
  ask("POST", `${SNAPSHOTS}${snapshot.reference}/members/`, "#selection-members", { workflow: unknown });
}

function takeMembers(place) {
  const told = place.querySelector("[data-members-of]");
  if (told && told.dataset.membersOf === snapshot?.reference) {
    for (const id of told.dataset.members.split(" ").filter(Boolean)) {
      snapshot.members.set(id, true);
      chosen.delete(id);
    }
  } else if (place.querySelector('[data-snapshot-state="ended"]') && snapshot) {
    // Kept for a day, and this page is older.
    snapshot = null;
    slot()?.replaceChildren(...place.childNodes);
    announce(slot()?.innerText ?? "");
  }
  place.replaceChildren();
  draw();
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
  document.addEventListener("htmx:afterRequest", draw);
  document.addEventListener("htmx:afterSwap", onSwap);
  draw();
}
