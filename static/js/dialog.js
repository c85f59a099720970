// The dialog that comes from the server: shown as a modal one, counted while one types, sent once.
import { sentence } from "./sentences.js";
import { announce, element } from "./notices.js";

// From a hundred thousand workflows to a job it takes some seconds; of fewer nobody sees anything.
const BUSY_MS = 400;
// Code points beyond this take four bytes in UTF-8.
const LAST_THREE_BYTE_CODE_POINT = 0xffff;

let openedFrom = null;

function slot() {
  return document.getElementById("dialog-slot");
}

/** Close the dialog and give the focus back to where it came from. */
export function close() {
  const dialog = slot()?.querySelector("dialog");
  if (dialog?.open) dialog.close();
}

function closeButton() {
  const button = element("button", "button", sentence("close"));
  button.type = "button";
  button.dataset.dialogClose = "";
  return button;
}

// A refusal may come in the place of the dialog: it is shown as one.
function wrapped(place) {
  const dialog = element("dialog", "dialog");
  const body = element("div", "dialog__body");
  body.append(...[...place.childNodes].filter((node) => node.nodeName !== "TITLE"));
  const foot = element("footer");
  foot.append(closeButton());
  dialog.append(body, foot);
  place.replaceChildren(dialog);
  return dialog;
}

function open(cause) {
  const place = slot();
  if (!place.firstElementChild) return;
  const dialog = place.querySelector("dialog") ?? wrapped(place);
  if (dialog.open) dialog.removeAttribute("open");
  openedFrom ??= cause ?? document.activeElement;
  dialog.addEventListener("close", () => {
    place.replaceChildren();
    if (openedFrom?.isConnected) openedFrom.focus({ preventScroll: true });
    openedFrom = null;
  });
  dialog.showModal();
  for (const field of dialog.querySelectorAll("[data-message]")) measure(field);
  // What was wrong first, else the message.
  const first = dialog.querySelector('[aria-invalid="true"]') ?? dialog.querySelector("[data-message]");
  first?.focus();
  first?.select?.();
}

/** Count as the portal does: code points, and say where some of them may be lost. */
function measure(field) {
  const points = [...field.value];
  const limit = Number(field.dataset.limit) || 255;
  const form = field.form ?? document;
  const counter = form.querySelector("[data-counter]");
  if (counter) {
    counter.textContent = `${points.length} / ${limit}`;
    counter.classList.toggle("counter--over", points.length > limit);
  }
  const hint = form.querySelector("[data-four-byte-hint]");
  if (hint) {
    hint.hidden = !points.some((point) => point.codePointAt(0) > LAST_THREE_BYTE_CODE_POINT);
  }
}

// Only a message with braces may read otherwise than it was typed.
function askForPreview(field) {
  const preview = (field.form ?? document).querySelector("#termination-preview");
  if (preview && (field.value.includes("{") || preview.childElementCount)) {
    preview.dispatchEvent(new Event("message-changed"));
  }
}

function onClick(event) {
  const isOutside = event.target instanceof HTMLDialogElement;
  if (isOutside ? isBeside(event.target, event) : event.target.closest?.("[data-dialog-close]")) close();
}

function isBeside(dialog, { clientX, clientY }) {
  const box = dialog.getBoundingClientRect();
  // A click by the keyboard has no place.
  if (clientX === 0 && clientY === 0) return false;
  return clientX < box.left || clientX > box.right || clientY < box.top || clientY > box.bottom;
}

// The server makes one job of the same confirmation sent twice; the second click is stopped here already.
function sendOnce(event) {
  const form = event.detail.elt;
  if (!form.matches("form") || !slot()?.contains(form) || event.detail.verb !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  for (const button of form.querySelectorAll('[type="submit"], button:not([type])')) {
    button.setAttribute("aria-disabled", "true");
  }
  setTimeout(sayBusy, BUSY_MS, form);
}

function sayBusy(form) {
  const button = form.querySelector("[data-busy-label]");
  if (!form.dataset.sent || !form.isConnected || !button) return;
  form.setAttribute("aria-busy", "true");
  // Its room is kept, so that nothing moves under the finger.
  button.style.minInlineSize = `${button.offsetWidth}px`;
  button.dataset.label = button.textContent;
  button.textContent = button.dataset.busyLabel;
  announce(button.dataset.busyLabel);
}

function sayReady(form) {
  form.removeAttribute("aria-busy");
  const button = form.querySelector("[data-label]");
  if (!button) return;
  button.textContent = button.dataset.label;
  delete button.dataset.label;
}

function allowAgain(event) {
  const form = event.detail.elt;
  if (!form.matches?.("form") || !slot()?.contains(form)) return;
  delete form.dataset.sent;
  sayReady(form);
  for (const button of form.querySelectorAll('[aria-disabled="true"]')) button.removeAttribute("aria-disabled");
}

export function start() {
  if (!slot()) return;
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "dialog-slot") open(event.detail.requestConfig?.elt);
    else if (event.target.id === "content") close();
  });
  document.addEventListener("input", (event) => {
    if (!event.target.matches?.("[data-message]")) return;
    measure(event.target);
    askForPreview(event.target);
  });
  document.addEventListener("click", onClick);
  document.addEventListener("htmx:confirm", sendOnce);
  document.addEventListener("htmx:afterRequest", allowAgain);
}
