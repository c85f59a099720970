// The filter: its chips, its form, and the link to the list.
import { sentence } from "./sentences.js";

let goOnAt = null;
let hasArrived = false;

function form(element) {
  return element.closest?.("[data-filter-form]");
}

/** Show only those choices of a list that have the text in their name; what is chosen stays. */
function narrow(field) {
  const list = document.getElementById(field.dataset.narrow);
  const wanted = field.value.trim().toLocaleLowerCase();
  let shown = 0;
  for (const choice of list.querySelectorAll(".choice")) {
    const isMeant = choice.textContent.toLocaleLowerCase().includes(wanted);
    choice.hidden = !isMeant && !choice.querySelector("input").checked;
    if (isMeant) shown += 1;
  }
  const nothing = field.closest("fieldset").querySelector("[data-narrowed-to-nothing]");
  if (nothing) nothing.hidden = shown > 0;
}

// Entries of one list go by different names in the address: older=30d, newer=1d.
function name(list) {
  const chosen = list.selectedOptions[0];
  if (chosen?.dataset.name) list.name = chosen.dataset.name;
}

// A person who was found stays, whoever is looked for next.
function keepChosen(box) {
  const found = box.closest(".options--found");
  if (!found || !box.checked) return;
  const chosen = found.closest("[data-people]").querySelector("[data-people-chosen]");
  const twin = chosen.querySelector(`input[value="${CSS.escape(box.value)}"]`);
  if (twin) {
    twin.checked = true;
    box.closest(".choice").remove();
    twin.focus();
    return;
  }
  chosen.append(box.closest(".choice"));
  box.focus();
}

// Who is chosen already is not offered again.
function dropChosen(list) {
  const people = list.closest("[data-people]");
  for (const box of list.querySelectorAll("input")) {
    if (people.querySelector(`[data-people-chosen] input[value="${CSS.escape(box.value)}"]`)) box.closest(".choice").remove();
  }
}

function countIds(field) {
  const ids = new Set(field.value.split(/[\s,;]+/).filter(Boolean));
  const most = Number(field.dataset.most);
  field.setCustomValidity(ids.size > most ? sentence("tooManyIds", { count: most }) : "");
}

// What is empty does not belong into an address that people copy.
function leaveOutEmpty(event) {
  const { detail } = event;
  if (!detail.elt.matches?.("[data-filter-form]")) return;
  detail.formData.delete("q");
  for (const key of new Set(detail.formData.keys())) {
    const values = detail.formData.getAll(key).filter((value) => value !== "");
    detail.formData.delete(key);
    for (const value of values) detail.formData.append(key, value);
  }
  goOnAt = -1;
}

function clears() {
  return [...document.querySelectorAll(".chips [data-chip-clear]")];
}

function remember(event) {
  const clear = event.target.closest?.("[data-chip-clear]");
  if (clear) goOnAt = Math.max(0, clears().indexOf(clear));
}

function forget() {
  goOnAt = null;
}

// The chip that had the focus is gone: the next one has it, or the button that adds one; until the person goes on.
function goOn() {
  if (goOnAt === null || !hasArrived) return;
  hasArrived = false;
  const left = clears();
  const place = left[Math.min(goOnAt, left.length - 1)] ?? document.getElementById("add-filter");
  place?.focus({ preventScroll: true });
}

// Delete and Backspace take a chip away too.
function onKey(event) {
  const clear = event.target.closest?.(".chip [data-chip-clear]");
  if (!clear || !["Delete", "Backspace"].includes(event.key)) return;
  event.preventDefault();
  clear.click();
}

function arrived(event) {
  const { target } = event;
  if (target.id === "content") hasArrived = true;
  if (target.matches?.(".options--found")) dropChosen(target);
  // The click that asked for the link allows copying it for some seconds.
  target.querySelector?.("[data-copy-at-once]")?.click();
}

export function start() {
  document.addEventListener("input", (event) => {
    const { target } = event;
    if (target.matches?.("[data-narrow]")) narrow(target);
    else if (target.matches?.("[data-most]")) countIds(target);
  });
  document.addEventListener("change", (event) => {
    const { target } = event;
    if (!form(target)) return;
    if (target.matches("[data-named-options]")) name(target);
    else if (target.matches('[type="checkbox"]')) keepChosen(target);
  });
  document.addEventListener("keydown", forget, { capture: true });
  document.addEventListener("pointerdown", forget, { capture: true });
  document.addEventListener("click", remember, { capture: true });
  document.addEventListener("keydown", onKey);
  // Return in a field of search looks for something; it does not send the form.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches?.("[data-filter-form] [type='search']")) event.preventDefault();
  });
  document.addEventListener("htmx:configRequest", leaveOutEmpty);
  document.addEventListener("htmx:afterSwap", arrived);
  // While the skeleton is shown the new content cannot have the focus; it goes just before this.
  document.addEventListener("htmx:afterRequest", goOn);
}
