// The two ports: JSON-RPC for clients, and health and metrics for those who look after the process.

import { createServer } from 'node:http';
import { once } from 'node:events';

import { LIMIT_EXCEEDED } from './errors.mjs';

const REQUEST_WITHIN_MS = 30000;
const JSON_TYPE = { 'content-type': 'application/json' };
const BUSY = JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: LIMIT_EXCEEDED, message: 'too many requests at once' } });

/**
 * Return the server of JSON-RPC.
 * @param {{answer: (body: string) => Promise<string>}} rpc
 * @param {{maxBodyBytes: number, maxConcurrent: number}} limits
 * @param {{turnedAway: (reason: string) => void}} metrics
 */
export function rpcServer(rpc, { maxBodyBytes, maxConcurrent }, metrics) {
  let working = 0;

  function turnAway(response, status, reason, headers = {}, body = '') {
    metrics.turnedAway(reason);
    response.writeHead(status, { connection: 'close', ...headers }).end(body);
  }

  return server(async (request, response) => {
    if (request.method !== 'POST') return turnAway(response, 405, 'method', { allow: 'POST' });
    if (!/^application\/json\b/.test(request.headers['content-type'] ?? '')) return turnAway(response, 415, 'type');
    if (working >= maxConcurrent) return turnAway(response, 503, 'busy', { 'retry-after': '1', ...JSON_TYPE }, BUSY);
    working += 1;
    try {
      const body = await read(request, maxBodyBytes);
      if (body === undefined) return turnAway(response, 413, 'size');
      response.writeHead(200, JSON_TYPE).end(await rpc.answer(body));
    } finally {
      working -= 1;
    }
  });
}

/**
 * Return the server of health and metrics.
 * @param {() => Promise<{serving: boolean, hindrance: string}>} state
 * @param {{text: (state: object) => string}} metrics
 */
export function healthServer(state, metrics) {
  const pages = {
    '/healthz': async () => [200, 'the process answers\n'],
    '/readyz': async () => {
      const { serving, hindrance } = await state();
      return serving ? [200, 'ready\n'] : [503, `${hindrance}\n`];
    },
    '/metrics': async () => [200, metrics.text(await state())],
  };
  return server(async (request, response) => {
    const page = Object.hasOwn(pages, request.url) ? pages[request.url] : async () => [404, ''];
    const [status, text] = await page();
    response.writeHead(status, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(text);
  });
}

/**
 * Open a port.
 * @returns {Promise<number>} the port, also where the system chose it
 */
export async function listen(server, host, port) {
  server.listen(port, host);
  await once(server, 'listening');
  return server.address().port;
}

/** Close a port: requests that are being answered are finished, for so many seconds. */
export async function close(server, graceS) {
  const closed = once(server, 'close');
  server.close();
  server.closeIdleConnections();
  const enough = setTimeout(() => server.closeAllConnections(), graceS * 1000);
  await closed;
  clearTimeout(enough);
}

function server(handle) {
  return createServer({ requestTimeout: REQUEST_WITHIN_MS }, (request, response) => {
    handle(request, response).catch(() => response.destroy()); // the client hung up
  });
}

/** Return a request's body, or undefined where it is too large. */
async function read(request, maxBytes) {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return undefined;
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
