// The light client's life: it waits for a beacon node, trusts a checkpoint, synchronises, and is tried again where it refuses.

import { setTimeout as pause } from 'node:timers/promises';

import * as beacon from './beacon.mjs';
import { log } from './log.mjs';

const AGAIN_MS = 1000;
const SYNCHRONISED_WITHIN_S = 60;

/** It cannot answer: it is not synchronised (yet, or any more). */
export class NotReady extends Error {}

export class LightClient {
  #provider;
  #ended = new AbortController();

  /**
   * @param {object} config as config.mjs reads it
   * @param {(config: object, checkpoint: string) => Promise<object>} create makes a client of the package
   */
  constructor(config, create) {
    this.config = config;
    this.create = create;
    /** Why it does not serve, in words; empty when it does. */
    this.hindrance = 'starting';
  }

  /** Synchronise; a client that refuses what the beacon node serves is given up, and another one tries. */
  async start() {
    const started = performance.now();
    while (!this.#ended.signal.aborted) {
      try {
        this.#provider = await this.#synchronised();
        this.#hinder('');
        log('synchronised', { seconds: ((performance.now() - started) / 1000).toFixed(2) });
        return;
      } catch (error) {
        if (this.#ended.signal.aborted) return;
        this.#hinder(error.message);
        await pause(AGAIN_MS, undefined, { signal: this.#ended.signal }).catch(() => {});
      }
    }
  }

  /**
   * Ask the package (EIP-1193).
   * @param {string} method
   * @param {unknown[]} params
   */
  async request(method, params) {
    if (!this.#provider) throw new NotReady(this.hindrance);
    const { answerWithinS } = this.config;
    return within(answerWithinS, this.#provider.request({ method, params }), 'not answered by the execution node');
  }

  /** End it; nothing is answered afterwards. */
  async stop() {
    this.#ended.abort();
    const provider = this.#provider;
    this.#provider = undefined;
    this.#hinder('stopping');
    await provider?.shutdown();
  }

  async #synchronised() {
    const { consensusRpc, checkpoint } = this.config;
    const waiting = (reason) => this.#hinder(`waiting for the beacon node: ${reason}`);
    await beacon.caughtUp(consensusRpc, this.#ended.signal, waiting);
    const trusted = checkpoint || (await beacon.finalizedRoot(consensusRpc, this.#ended.signal, waiting));
    this.#hinder(`synchronising from ${trusted}`);
    const provider = await this.create(this.config, trusted);
    try {
      await within(SYNCHRONISED_WITHIN_S, provider.waitSynced(), 'not synchronised');
    } catch (error) {
      await provider.shutdown();
      throw error;
    }
    return provider;
  }

  #hinder(reason) {
    if (reason && kind(reason) !== kind(this.hindrance)) log('not serving', { reason });
    this.hindrance = reason;
  }
}

/** Return a reason without its numbers: one that only counts down is not told again. */
const kind = (reason) => reason.replace(/\d+/g, '');

/** Return what a promise comes to, or refuse when it takes too long. */
async function within(seconds, promise, what) {
  const enough = new AbortController();
  const late = pause(seconds * 1000, undefined, { signal: enough.signal }).then(() => {
    throw new NotReady(`${what} within ${seconds} s`);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    late.catch(() => {});
    enough.abort();
  }
}
