// Sentences that scripts say, in the person's language: the page brings them as data attributes.

const place = document.getElementById("sentences");

/** Return the sentence called `name` (camel case), with `{key}` replaced by the values given. */
export function sentence(name, values = {}) {
  const text = place?.dataset[name] ?? "";
  return text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? String(values[key]) : whole));
}

/** Return a number as the page's language writes it. */
export function number(value) {
  return new Intl.NumberFormat(document.documentElement.lang || "en").format(value);
}
