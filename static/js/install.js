// The end of an installation: told to the portal once, never waited for; a way on appears after a moment.
import { finishInstallation } from "./frame.js";

const WAY_ON_MS = 3000;

export function start() {
  const place = document.querySelector("[data-install-finish]");
  if (!place) return;
  finishInstallation();
  const wayOn = place.querySelector("[data-way-on]");
  if (wayOn) setTimeout(() => { wayOn.hidden = false; }, WAY_ON_MS);
}
