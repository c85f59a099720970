// A modal dialog makes the page around it inert, but not the portal's page around the frame, and there the Tab key
// would lead from the dialog's last button. So it goes round, from the last to the first and back.

const STOPS =
  'a[href], button, input:not([type="hidden"]), select, textarea, summary, [contenteditable], [tabindex]';

function stopsOf(dialog) {
  return [...dialog.querySelectorAll(STOPS)].filter(
    (stop) => stop.tabIndex >= 0 && !stop.matches(":disabled") && stop.checkVisibility(),
  );
}

function goRound(event) {
  if (event.key !== "Tab" || event.altKey || event.ctrlKey || event.metaKey) return;
  const dialog = [...document.querySelectorAll("dialog:modal")].at(-1);
  if (!dialog) return;
  const stops = stopsOf(dialog);
  const [first, last] = [stops.at(0), stops.at(-1)];
  const active = document.activeElement;
  const isAtTheEnd = active === (event.shiftKey ? first : last);
  const isNowhere = active === dialog || !dialog.contains(active);
  if (!isAtTheEnd && !isNowhere) return;
  event.preventDefault();
  (event.shiftKey ? last : first)?.focus();
}

export function start() {
  document.addEventListener("keydown", goRound);
}
