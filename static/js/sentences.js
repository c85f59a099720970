// Sentences that scripts say, in the person's language: the page brings them as data attributes.

// Looked up each time: when the person changes the language, others take their place.
function place() {
  return document.getElementById("sentences");
}

/** Return the sentence called `name` (camel case), with `{key}` replaced by the values given. */
export function sentence(name, values = {}) {
  const text = place()?.dataset[name] ?? "";
  return text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}

/** Return a whole number as the server writes it in the same page: with its thousands apart. */
export function number(value) {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, place()?.dataset.thousands ?? "");
}
