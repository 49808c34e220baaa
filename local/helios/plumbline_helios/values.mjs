// Values of JSON-RPC (https://ethereum.github.io/execution-apis): which arguments are right, and how results are written.

const TAGS = ['latest', 'earliest', 'pending', 'safe', 'finalized'];

const matches = (pattern) => (value) => typeof value === 'string' && pattern.test(value);
const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

export const address = { what: 'an address (0x and 40 hex digits)', fits: matches(/^0x[0-9a-f]{40}$/i) };
export const hash = { what: 'a hash (0x and 64 hex digits)', fits: matches(/^0x[0-9a-f]{64}$/i) };
export const quantity = { what: 'a quantity (0x and hex digits)', fits: matches(/^0x[0-9a-f]{1,64}$/i) };
export const bytes = { what: 'bytes (0x and pairs of hex digits)', fits: matches(/^0x([0-9a-f]{2})+$/i) };
export const flag = { what: 'true or false', fits: (value) => typeof value === 'boolean' };
export const object = { what: 'an object', fits: isObject };
export const slots = { what: 'a list of storage slots', fits: (value) => Array.isArray(value) && value.every(quantity.fits) };
export const block = {
  what: `a block: a number (0x and hex digits), a hash, or one of ${TAGS.join(', ')}`,
  fits: (value) => quantity.fits(value) || TAGS.includes(value),
};

/** A position in a block, which the package takes as a number. */
export const index = { ...quantity, passes: Number };

/** An argument that may be left out, or be null. */
export const optional = (kind, otherwise) => ({ ...kind, otherwise, optional: true });

/** Write a number as a quantity; the package gives some as numbers, some in decimal digits. */
export function asQuantity(value) {
  if (value === undefined || value === null) return null;
  return `0x${BigInt(value).toString(16)}`;
}

/** Write what the package gives as JSON can hold it: maps as objects, and null for what they leave open. */
export function asJson(value) {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return asQuantity(value);
  if (Array.isArray(value)) return value.map(asJson);
  if (value instanceof Map) return asJson(Object.fromEntries(value));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, asJson(inner)]));
}
