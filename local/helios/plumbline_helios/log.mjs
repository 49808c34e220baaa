// The log: one line for each event, in UTC, with fields that can be searched for.

/**
 * Write an event.
 * @param {string} event what happened
 * @param {Record<string, unknown>} fields what else is known of it
 */
export function log(event, fields = {}) {
  const told = Object.entries(fields).map(([key, value]) => `${key}=${shown(value)}`);
  console.log([new Date().toISOString(), 'helios', event, ...told].join(' '));
}

function shown(value) {
  const text = String(value);
  return /[\s"]/.test(text) ? JSON.stringify(text) : text;
}
