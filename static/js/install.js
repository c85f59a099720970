// The end of an installation: told to the portal once, never waited for; a way on appears after a moment.
import { finishInstallation } from "./frame.js";

const WAY_ON_MS = 3000;

function finish() {
  const place = document.querySelector("[data-install-finish]");
  if (!place) return;
  delete place.dataset.installFinish;
  finishInstallation();
  setTimeout(() => {
    for (const wayOn of place.querySelectorAll("[data-way-on]")) wayOn.hidden = false;
  }, WAY_ON_MS);
}

export function start() {
  // It may also come later: when the handlers could be bound at the second try.
  document.addEventListener("htmx:afterSwap", finish);
  finish();
}
