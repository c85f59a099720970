// The two sides of one message between the frame and the portal's page.

/**
 * Takes apart `command:params-JSON:callbackId:APP_SID`, or the object form of newer clients.
 * The parameters may hold colons, and the whole part is missing when there are none.
 * Returns null for what is neither.
 */
export function readMessage(data) {
  if (typeof data === 'string') {
    const parts = data.split(':');
    if (parts.length < 3) {
      return null;
    }
    const text = parts.slice(1, -2).join(':');
    return {
      command: parts[0],
      params: text ? JSON.parse(text) : {},
      callbackId: parts.at(-2),
      appSid: parts.at(-1),
    };
  }
  if (data !== null && typeof data === 'object') {
    return {
      command: String(data.method),
      params: data.params || {},
      callbackId: data.callback || '',
      appSid: data.appSid,
    };
  }
  return null;
}

/** The text of an answer: `callbackId:result-JSON`, with nothing after the colon for no result. */
export function writeAnswer(callbackId, result) {
  return `${callbackId}:${result === undefined ? '' : JSON.stringify(result)}`;
}
