// What is saved and preferred: the menus of saved filters and messages, and a page in another language or theme.

function openMenus() {
  return document.querySelectorAll("details[data-menu][open]");
}

function close(menu, { focus = false } = {}) {
  menu.open = false;
  if (focus) menu.querySelector("summary")?.focus();
}

// A menu goes when the person turns to something else; a dialog around it stays.
function closeBeside(event) {
  for (const menu of openMenus()) {
    if (!menu.contains(event.target)) close(menu);
  }
}

function closeByKey(event) {
  if (event.key !== "Escape") return;
  const menu = event.target.closest?.("details[data-menu][open]");
  if (!menu) return;
  event.preventDefault();
  event.stopPropagation();
  close(menu, { focus: true });
}

// The message takes the place of what was typed, and is counted and previewed as if it had been typed.
function useMessage(event) {
  const button = event.target.closest?.("[data-saved-message]");
  const field = button?.form?.querySelector("[data-message]");
  if (!field) return;
  field.value = button.dataset.savedMessage;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  const menu = button.closest("details[data-menu]");
  if (menu) close(menu);
  field.focus();
}

// The page's root is no part of what is swapped: its language, direction and theme are told beside the content.
function appear() {
  const told = document.querySelector("[data-appearance]");
  if (!told) return;
  const { theme, language, direction } = told.dataset;
  const root = document.documentElement;
  root.lang = language;
  root.dir = direction;
  root.dataset.theme = theme;
  const scheme = document.querySelector('meta[name="color-scheme"]');
  if (scheme) scheme.content = theme === "system" ? "light dark" : theme;
  told.remove();
}

// Browsers refuse autofocus in the frame of another site; what was pressed is gone, so the answer says where to go on.
function goOn() {
  const place = document.querySelector("[data-focus]");
  if (!place) return;
  place.removeAttribute("data-focus");
  place.focus();
}

export function start() {
  document.addEventListener("click", useMessage);
  document.addEventListener("click", closeBeside);
  document.addEventListener("focusin", closeBeside);
  document.addEventListener("keydown", closeByKey);
  document.addEventListener("htmx:afterSettle", appear);
  document.addEventListener("htmx:afterSettle", goOn);
}
