// Rows that are being stopped say so, and what came of it, where they stand: the list does not move.
import { announce } from "./notices.js";
import { takeBack } from "./selection.js";

function rowOf(id) {
  const box = document.querySelector(`input[name="selected"][data-workflow="${CSS.escape(id)}"]`);
  return { box, row: box?.closest("tr"), cell: box?.closest("tr")?.querySelector("[data-row-state]") };
}

function write(cell, told) {
  const badge = document.createElement("span");
  badge.className = `badge badge--${told.dataset.mark}`;
  badge.textContent = told.textContent.trim();
  cell.replaceChildren(badge);
  if (!told.dataset.reason) return;
  const reason = document.createElement("span");
  reason.className = "row-reason";
  reason.textContent = told.dataset.reason;
  cell.append(" ", reason);
}

function apply() {
  const list = document.querySelector("[data-row-marks]");
  if (!list) return;
  const locked = [];
  const news = [];
  for (const told of list.querySelectorAll("[data-mark-of]")) {
    const { box, row, cell } = rowOf(told.dataset.markOf);
    if (!row || !cell) continue;
    const isNew = row.dataset.mark !== told.dataset.mark;
    row.dataset.mark = told.dataset.mark;
    box.disabled = told.hasAttribute("data-locks");
    if (box.disabled) {
      box.checked = false;
      locked.push(told.dataset.markOf);
    }
    if (!isNew) continue;
    write(cell, told);
    if (told.dataset.mark !== "stopping") news.push(told.textContent.trim());
  }
  takeBack(locked);
  if (news.length > 0) announce(tally(news));
}

// "terminated" of five rows is said once, with how many.
function tally(news) {
  const counts = new Map();
  for (const text of news) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, count]) => `${count} ${text}`).join(", ");
}

export function start() {
  document.addEventListener("htmx:afterSwap", apply);
  apply();
}
