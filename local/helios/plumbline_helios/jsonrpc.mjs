// JSON-RPC 2.0 (https://www.jsonrpc.org/specification): one call, a notification, or a batch of them.

import { INVALID_PARAMS, INVALID_REQUEST, NO_SUCH_METHOD, PARSE_ERROR, RpcError, UNVERIFIED, judged } from './errors.mjs';
import { METHODS, completed } from './methods.mjs';

const REFUSED = [INVALID_REQUEST, NO_SUCH_METHOD, INVALID_PARAMS];

export class JsonRpc {
  /**
   * @param {{request: (method: string, params: unknown[]) => Promise<unknown>}} client who is asked
   * @param {{maxBatch: number}} limits calls in a batch, at most
   * @param {{called: (method: string, outcome: string) => void}} metrics count what came of each call
   */
  constructor(client, limits, metrics) {
    this.client = client;
    this.limits = limits;
    this.metrics = metrics;
  }

  /**
   * Return what is to be answered to a request, as text; empty where nothing is to be answered.
   * @param {string} body the request
   */
  async answer(body) {
    let asked;
    try {
      asked = JSON.parse(body);
    } catch {
      return JSON.stringify(refusal(null, new RpcError(PARSE_ERROR, 'the request is no JSON')));
    }
    const answers = Array.isArray(asked) ? await this.#batch(asked) : await this.#one(asked);
    return answers === undefined ? '' : JSON.stringify(answers);
  }

  async #batch(calls) {
    const { maxBatch } = this.limits;
    if (!calls.length) return refusal(null, new RpcError(INVALID_REQUEST, 'the batch is empty'));
    if (calls.length > maxBatch) {
      return refusal(null, new RpcError(INVALID_REQUEST, `the batch has more than ${maxBatch} calls`));
    }
    const answers = [];
    for (const call of calls) answers.push(await this.#one(call)); // one after the other: a batch is no way around a limit
    const told = answers.filter((answer) => answer !== undefined);
    return told.length ? told : undefined;
  }

  async #one(call) {
    const id = identity(call);
    const known = Object.hasOwn(METHODS, call?.method) ? call.method : 'unknown';
    try {
      check(call);
      const result = await this.#result(call.method, call.params ?? []);
      this.metrics.called(known, 'ok');
      return id === undefined ? undefined : { jsonrpc: '2.0', id, result };
    } catch (error) {
      const told = judged(error);
      this.metrics.called(known, outcome(told.code));
      return id === undefined ? undefined : refusal(id, told);
    }
  }

  async #result(name, params) {
    if (!Object.hasOwn(METHODS, name)) throw new RpcError(NO_SUCH_METHOD, `the method ${name} does not exist/is not available`);
    if (!Array.isArray(params)) throw new RpcError(INVALID_PARAMS, 'arguments go by position, in a list');
    const method = METHODS[name];
    return method.write(await this.client.request(name, completed(method, params)));
  }
}

/** Return a call's id, undefined for a notification; what is no call has none that could be answered. */
function identity(call) {
  if (typeof call !== 'object' || call === null || Array.isArray(call)) return null;
  const { id } = call;
  if (id === undefined) return call.jsonrpc === '2.0' && typeof call.method === 'string' ? undefined : null;
  return typeof id === 'string' || typeof id === 'number' ? id : null;
}

function check(call) {
  const { jsonrpc, method, id } = call ?? {};
  const named = id === null || ['undefined', 'string', 'number'].includes(typeof id);
  if (jsonrpc !== '2.0' || typeof method !== 'string' || !named) throw new RpcError(INVALID_REQUEST, 'it is no JSON-RPC 2.0 call');
}

function refusal(id, { code, message }) {
  return { jsonrpc: '2.0', id, error: { code, message } };
}

/** Return what came of a call, for the count of them. */
function outcome(code) {
  if (code === UNVERIFIED) return 'unverified';
  return REFUSED.includes(code) ? 'refused' : 'failed';
}
