// Copying a text. In the portal's frame no permission for the clipboard is given, so the old way comes first: it
// needs none but the person's click. Where that is refused too, the text stays selected for the person to copy.
import { sentence } from "./sentences.js";
import { announce, element } from "./notices.js";

const SHOWN_MS = 2500;

function field(text, label) {
  const made = element("input", "copy-field copy-field--away");
  made.readOnly = true;
  made.value = text;
  made.setAttribute("aria-label", label);
  return made;
}

function copySelected() {
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  }
}

async function writeToClipboard(text) {
  // Asking for it in a frame that may not is an error message in the console, and no more.
  if (globalThis.parent !== globalThis || !navigator.clipboard) return false;
  return navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  );
}

function say(button, text) {
  announce(text);
  const label = (button.dataset.label ??= button.textContent);
  button.textContent = text;
  setTimeout(() => {
    button.textContent = label;
  }, SHOWN_MS);
}

async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  if (!source) return;
  const text = source.textContent.trim();
  document.querySelector(".copy-field")?.remove();
  const place = field(text, button.textContent);
  source.after(place);
  place.select();
  if (copySelected() || (await writeToClipboard(text))) {
    place.remove();
    button.focus({ preventScroll: true });
    say(button, sentence("copied"));
    return;
  }
  place.classList.remove("copy-field--away");
  place.focus();
  place.select();
  announce(sentence("copyByHand"));
  place.title = sentence("copyByHand");
}

export function start() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-copy]");
    if (button) copy(button);
  });
}
