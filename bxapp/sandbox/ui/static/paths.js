// Which paths `openPath` opens. Newer portals: any path of the portal. Older ones: a few kinds of pages.

const OLDER =
  /^\/(crm\/(deal|lead|contact|company|type)|marketplace|company\/personal\/user\/[0-9]+|workgroups\/group\/[0-9]+)\//;

/**
 * The address to open for the `path` an application asked for, or null where the portal answers
 * PATH_NOT_AVAILABLE. The official client puts a detour in front of the path (`/crm/deal/../..`, which
 * chooses the slider's width); the address is judged after it has been resolved.
 */
export function addressOf(path, appCode, older) {
  if (typeof path !== 'string' || !path.startsWith('/')) {
    return null;
  }
  let address;
  try {
    address = new URL(decodeURIComponent(path), window.location.origin);
  } catch {
    return null;
  }
  if (address.origin !== window.location.origin || (older && !OLDER.test(address.pathname))) {
    return null;
  }
  address.searchParams.set('IFRAME', 'Y');
  address.searchParams.set('from', 'rest_placement');
  address.searchParams.set('from_app', appCode);
  return address.href;
}
