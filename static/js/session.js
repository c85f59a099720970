// Who is asking: the bearer session in the frame, the proof against forged forms in the browser.
import { refreshedAuth } from "./frame.js";
import { sentence } from "./sentences.js";
import { show, withdraw } from "./notices.js";

const RENEW_BEFORE_END_MS = 5 * 60 * 1000;
const WATCH_MS = 20 * 1000;
// After a failed renewal the portal is left alone for a while, unless the person asks for something.
const PAUSE_AFTER_FAILURE_MS = 5 * 60 * 1000;
const REMOVED = "removed";

const session = { token: "", document: "", endsAt: 0, lengthMs: 0 };
let csrfToken = "";
let renewing = null;
let failedAt = 0;

function take(name) {
  const meta = document.querySelector(`meta[name="${name}"]`);
  meta?.remove();
  return meta;
}

function hold(token, secondsToLive) {
  session.token = token;
  session.lengthMs = secondsToLive * 1000;
  session.endsAt = Date.now() + session.lengthMs;
}

function isNearItsEnd() {
  // A session shorter than the margin is renewed in its last quarter.
  const margin = Math.min(RENEW_BEFORE_END_MS, session.lengthMs / 4);
  return Date.now() >= session.endsAt - margin;
}

/** Thrown with what the application said, where it gave a reason. */
class RefusedRenewal extends Error {
  constructor(status, told) {
    super(`renewal refused with ${status}`);
    this.told = told;
  }
}

async function exchange() {
  // A portal that gives no pair may have removed the application, which then knows it.
  const auth = await refreshedAuth().catch(() => ({}));
  const response = await fetch("/session/renew/", {
    method: "POST",
    credentials: "omit",
    headers: {
      "Content-Type": "application/json",
      ...headersOfSession(),
    },
    body: JSON.stringify({
      AUTH_ID: auth.access_token,
      REFRESH_ID: auth.refresh_token,
      AUTH_EXPIRES: Math.round(auth.expires_in),
      member_id: auth.member_id,
      document: session.document,
    }),
  });
  if (!response.ok) throw new RefusedRenewal(response.status, await response.json().catch(() => ({})));
  const renewed = await response.json();
  hold(renewed.session, renewed.expires_in_seconds);
}

function sayWhy({ told = {} }) {
  if (told.refusal === REMOVED) show("session", `${told.title}. ${told.why} ${told.what}`);
  else show("session", sentence("sessionDead"), { action: { label: sentence("retry"), run: renew } });
}

/** Get a new session through the portal; resolves to whether there is one. One renewal at a time. */
export function renew() {
  renewing ??= exchange()
    .then(() => {
      failedAt = 0;
      withdraw("session");
      return true;
    })
    .catch((error) => {
      failedAt = Date.now();
      sayWhy(error);
      return false;
    })
    .finally(() => {
      renewing = null;
    });
  return renewing;
}

function watch() {
  const isPausing = failedAt && Date.now() - failedAt < PAUSE_AFTER_FAILURE_MS;
  if (session.token && isNearItsEnd() && !isPausing && !document.hidden) renew();
}

function headersOfSession() {
  return {
    Authorization: `Bearer ${session.token}`,
    "X-Flowstop-Document": session.document,
    // Whoever is not known any more is still refused in the language of the page.
    "Accept-Language": document.documentElement.lang,
  };
}

/** Whether this page acts by a bearer session, which no link and no form can carry. */
export function isInFrame() {
  return Boolean(session.token);
}

/** Fetch an address of the application with the session, renewed if it has ended. */
export async function fetchAsPerson(address) {
  const ask = () => fetch(address, { credentials: "omit", headers: headersOfSession() });
  if (Date.now() >= session.endsAt) await renew();
  const response = await ask();
  return response.status === 401 && (await renew()) ? ask() : response;
}

function addHeaders(event) {
  const { headers } = event.detail;
  if (session.token) {
    Object.assign(headers, headersOfSession());
  } else if (csrfToken) {
    headers["X-CSRFToken"] = csrfToken;
  }
}

// A request that would leave with a session already over waits for the new one.
async function holdBack(event) {
  if (!session.token || Date.now() < session.endsAt) return;
  event.preventDefault();
  await renew();
  event.detail.issueRequest(true);
}

async function repeatAfterRenewal(event) {
  const { xhr, requestConfig: config, target } = event.detail;
  if (xhr.status !== 401 || !session.token || config.headers["X-Flowstop-Repeat"]) return;
  if (!(await renew())) {
    document.dispatchEvent(new CustomEvent("flowstop:unanswered", { detail: { config } }));
    return;
  }
  const source = config.elt.isConnected ? config.elt : document.body;
  globalThis.htmx.ajax(config.verb.toUpperCase(), config.path, {
    source,
    target,
    values: config.parameters,
    headers: { "X-Flowstop-Repeat": "1" },
  });
}

// Said in the place of the content: not twice.
function settleNotice() {
  if (document.querySelector(`#content [data-refusal="${REMOVED}"]`)) withdraw("session");
}

export function start() {
  const meta = take("flowstop-session");
  csrfToken = take("flowstop-csrf")?.content ?? "";
  document.addEventListener("htmx:configRequest", addHeaders);
  if (!meta) return;
  session.document = meta.dataset.document ?? "";
  hold(meta.content, Number(meta.dataset.expiresInSeconds) || 3600);
  document.addEventListener("htmx:confirm", holdBack);
  document.addEventListener("htmx:responseError", repeatAfterRenewal);
  document.addEventListener("htmx:afterSwap", settleNotice);
  // A sleeping computer stops timers: look at the clock, and look again on waking up.
  setInterval(watch, WATCH_MS);
  document.addEventListener("visibilitychange", watch);
  globalThis.addEventListener("focus", watch);
}
