// Downloads. In a browser's own window a link does it. In the portal's frame the session travels in a header, which
// no link can carry: there the file is fetched and handed to the browser, without any address that others could use.
import { fetchAsPerson, isInFrame } from "./session.js";
import { sentence } from "./sentences.js";
import { show, withdraw } from "./notices.js";

// The browser reads the file after the click; its address must live until then.
const KEPT_MS = 60 * 1000;

function hand(content, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}

async function download(link) {
  if (link.getAttribute("aria-disabled") === "true") return;
  link.setAttribute("aria-disabled", "true");
  try {
    const response = await fetchAsPerson(link.href);
    if (!response.ok) throw new Error(`refused with ${response.status}`);
    hand(await response.blob(), link.download);
    withdraw("download");
  } catch {
    show("download", sentence("downloadFailed"), {
      action: { label: sentence("retry"), run: () => download(link) },
    });
  } finally {
    link.removeAttribute("aria-disabled");
  }
}

export function start() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-download]");
    if (!link || !isInFrame()) return;
    event.preventDefault();
    download(link);
  });
}
