// Notices on top of the page, and what screen readers are told in passing.
import { sentence } from "./sentences.js";

/** Return a new element with a class and a text; text is never read as HTML. */
export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/**
 * Show one notice; a second one of the same name takes its place.
 * `action` is `{label, run}`: the button that does something about it.
 */
export function show(name, text, { action = null, isError = true } = {}) {
  const box = document.getElementById("notices");
  if (!box) return;
  const notice = element("div", isError ? "notice notice--error" : "notice");
  notice.dataset.notice = name;
  notice.append(element("p", "", text));
  const button = element("button", "button button--link", action ? action.label : sentence("dismiss"));
  button.type = "button";
  button.addEventListener("click", () => {
    notice.remove();
    action?.run();
  });
  notice.append(button);
  withdraw(name);
  box.append(notice);
}

/** Take a notice away, where it is shown. */
export function withdraw(name) {
  document.querySelector(`#notices [data-notice="${name}"]`)?.remove();
}

/** Tell screen readers something politely, without moving anything. */
export function announce(text) {
  const announcer = document.getElementById("announcer");
  if (announcer && announcer.textContent !== text) announcer.textContent = text;
}
