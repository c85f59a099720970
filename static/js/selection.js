// What the person chose: kept in memory by workflow, so that it survives going from page to page.
import { number, sentence } from "./sentences.js";
import { announce } from "./notices.js";

/** Workflow's ID → the row as the server packed and signed it; empty for those of the snapshot. */
const chosen = new Map();
/** Everything at once is kept by the server: its reference, and the IDs that it stands for. */
let snapshot = "";
let listed = new Set();
let lastTicked = null;
/** When everything was chosen at once: the moment of the list, as the server wrote it. */
let asOf = "";

function boxes() {
  return [...document.querySelectorAll('input[name="selected"]')];
}

/** Choose one workflow, or take it back. */
function choose(box, isChosen) {
  box.checked = isChosen;
  if (isChosen) chosen.set(box.dataset.workflow, box.value);
  else chosen.delete(box.dataset.workflow);
}

/** Show what is chosen: ticks, the count, the bar. */
function draw() {
  const bar = document.querySelector("[data-selection-bar]");
  if (!bar) return;
  const all = boxes();
  for (const box of all) box.checked = chosen.has(box.dataset.workflow);
  const ticked = all.filter((box) => box.checked).length;
  const allBox = document.querySelector("[data-select-page]");
  if (allBox) {
    allBox.checked = all.length > 0 && ticked === all.length;
    allBox.indeterminate = ticked > 0 && ticked < all.length;
  }
  bar.hidden = chosen.size === 0;
  const space = document.querySelector("[data-selection-space]");
  if (space) space.hidden = bar.hidden;
  const everything = bar.querySelector("[data-selection-all]");
  if (everything) everything.hidden = asOf !== "" && chosen.size >= listed.size;
  bar.querySelector("[data-selection-count]").textContent = summary();
}

function summary() {
  return sentence(asOf ? "selectedAsOf" : "selected", { count: number(chosen.size), moment: asOf });
}

function tell() {
  draw();
  announce(summary());
}

/** Forget everything that was chosen. */
export function clear() {
  chosen.clear();
  lastTicked = null;
  forgetSnapshot();
  tell();
}

function forgetSnapshot() {
  snapshot = "";
  listed = new Set();
  asOf = "";
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

// Everything that runs came from the server: exactly this list is chosen, whatever is shown later.
function takeAll(event) {
  if (event.target.id !== "selection-rows") return;
  const list = event.target.querySelector("[data-selection-rows]");
  chosen.clear();
  forgetSnapshot();
  if (list) {
    snapshot = list.dataset.snapshot;
    listed = new Set(list.dataset.workflows.split(" ").filter(Boolean));
    asOf = list.textContent.trim();
    for (const id of listed) chosen.set(id, "");
  }
  event.target.replaceChildren();
  tell();
}

function sayReading(event) {
  if (!event.detail.elt.matches("[data-selection-all]")) return;
  const place = document.querySelector("[data-selection-count]");
  if (place) place.textContent = sentence("reading");
  announce(sentence("reading"));
}

// The dialog is asked for with everything chosen, also what is on other pages. Of everything at once only the
// reference travels, and what was taken out of it or added.
function addChosen(event) {
  const { detail } = event;
  if (!detail.elt.matches("[data-selection-terminate]")) return;
  detail.formData.delete("selected");
  if (snapshot) {
    detail.formData.append("snapshot", snapshot);
    for (const id of listed) if (!chosen.has(id)) detail.formData.append("left_out", id);
  }
  for (const [id, packed] of chosen) if (!listed.has(id)) detail.formData.append("selected", packed);
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
  document.addEventListener("htmx:afterSwap", takeAll);
  document.addEventListener("htmx:afterSwap", draw);
  draw();
}
