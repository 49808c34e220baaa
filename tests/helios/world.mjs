// What tests stand around the program: a beacon node, a client of the package, and a way to ask.

import { createServer } from 'node:http';
import { once } from 'node:events';

const SOURCES = new URL('../../local/helios/plumbline_helios/', import.meta.url);
export const load = (name) => import(new URL(name, SOURCES));

export const ROOT = `0x${'ab'.repeat(32)}`;
export const LIMITS = { maxBodyBytes: 1024, maxBatch: 3, maxConcurrent: 2, answerWithinS: 0.1, maxHeadAgeS: 60, shutdownGraceS: 1 };

/** A beacon node whose answers are set by path; what is asked is kept. */
export class Beacon {
  constructor() {
    this.asked = [];
    this.answers = {
      '/eth/v1/node/syncing': { data: { is_syncing: false, sync_distance: '0' } },
      '/eth/v1/beacon/states/head/finality_checkpoints': { data: { finalized: { epoch: '7', root: ROOT } } },
      [`/eth/v1/beacon/light_client/bootstrap/${ROOT}`]: { data: {} },
    };
  }

  async start() {
    this.server = createServer((request, response) => {
      this.asked.push(request.url);
      const answer = this.answers[request.url];
      response.writeHead(answer ? 200 : 404).end(JSON.stringify(answer ?? {}));
    }).listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** A client of the package: answers by method; an Error is thrown, a function is called. */
export class Provider {
  constructor(answers = {}) {
    this.answers = answers;
    this.asked = [];
    this.ended = false;
  }

  async waitSynced() {
    if (this.refusal) throw new Error(this.refusal);
  }

  async request({ method, params }) {
    this.asked.push([method, params]);
    const answer = this.answers[method];
    if (answer instanceof Error) throw answer;
    return typeof answer === 'function' ? answer(...params) : answer;
  }

  async shutdown() {
    this.ended = true;
  }
}

/** Return the first truthy value of a look, or fail. */
export async function eventually(look, named) {
  for (let left = 400; left; left -= 1) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`not within 4 s: ${named}`);
}

/** Send a body as JSON and return status, headers and text. */
export async function post(port, body, headers = { 'content-type': 'application/json' }) {
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body, headers });
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

export const call = (method, ...params) => ({ jsonrpc: '2.0', id: 1, method, params });
