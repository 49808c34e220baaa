// What goes wrong, as JSON-RPC 2.0 (section 5.1) and EIP-1474 number it.

import { NotReady } from './light_client.mjs';

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const NO_SUCH_METHOD = -32601;
export const INVALID_PARAMS = -32602;
export const FAILED = -32000;
export const UNAVAILABLE = -32002;
export const LIMIT_EXCEEDED = -32005;
/** Of our own: the execution node's answer does not agree with the verified chain. */
export const UNVERIFIED = -32010;

// What the package says when a proof does not prove what the execution node answered.
const UNPROVED = [
  /invalid (account|storage) proof/,
  /code hash mismatch/,
  /receipts? root mismatch/,
  /missing log for transaction/,
  /log does not match filter/,
  /hash mismatch or invalid block structure/,
  /(value|root) mismatch/,
];

/** An error object. */
export class RpcError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/**
 * Return a failure as an error object.
 * @param {Error} error of ours, or of the package, which has only words
 */
export function judged(error) {
  if (error instanceof RpcError) return error;
  const said = error.message.replace(/^(Error: )+/, '');
  if (error instanceof NotReady || /out of sync/.test(said)) return new RpcError(UNAVAILABLE, said);
  return new RpcError(UNPROVED.some((pattern) => pattern.test(said)) ? UNVERIFIED : FAILED, said);
}
