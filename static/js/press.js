// Whether a button or a link is being pressed: a press ends on what it began on, or it does nothing.
// The click comes a little after the finger is up, and counts only if nothing has moved until then.
const CLICK_WITHIN_MS = 50;

let isHeld = false;
let letting = 0;

/** Whether the person has pressed, and the click may still come. */
export function isPressed() {
  return isHeld;
}

/** Call `run` once a press is over. */
export function afterPress(run) {
  document.addEventListener("flowstop:released", run);
}

function hold(event) {
  // A menu that another button opens may keep the end of the press to itself.
  if (!event.isPrimary || event.button !== 0) return;
  clearTimeout(letting);
  isHeld = true;
}

function letGo() {
  clearTimeout(letting);
  letting = setTimeout(() => {
    isHeld = false;
    document.dispatchEvent(new CustomEvent("flowstop:released"));
  }, CLICK_WITHIN_MS);
}

export function start() {
  document.addEventListener("pointerdown", hold, { capture: true });
  for (const name of ["pointerup", "pointercancel", "contextmenu"]) {
    document.addEventListener(name, letGo, { capture: true });
  }
  globalThis.addEventListener("blur", letGo);
}
