// A job's page: its title tells how far it is, and so does a polite voice, now and then.
import { announce } from "./notices.js";
import { setTitle } from "./frame.js";

const APPLICATION = "Flowstop";
// A voice that speaks every second is no help; what it waits for is told at once.
const ANNOUNCE_EVERY_MS = 30 * 1000;

let saidAt = 0;
let shownTitle = "";
let saidState = "";

function tell() {
  const job = document.querySelector("[data-job-title]");
  if (!job) {
    // Elsewhere the title over the frame is the application's again.
    if (shownTitle) setTitle(APPLICATION);
    shownTitle = "";
    return;
  }
  const { jobTitle, jobAnnouncement, jobDone, jobState } = job.dataset;
  if (jobTitle && jobTitle !== shownTitle) {
    shownTitle = jobTitle;
    document.title = jobTitle;
    setTitle(jobTitle);
  }
  const isDue = jobState !== saidState || Date.now() - saidAt > ANNOUNCE_EVERY_MS;
  if (jobAnnouncement && (isDue || jobDone === "true")) {
    saidAt = Date.now();
    saidState = jobState;
    announce(jobAnnouncement);
  }
}

export function start() {
  document.addEventListener("htmx:afterSettle", tell);
  tell();
}
