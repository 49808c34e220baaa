// What is asked of the beacon node before the light client starts (https://ethereum.github.io/beacon-APIs).

import { setTimeout as pause } from 'node:timers/promises';

const EVERY_MS = 250;
const ANSWER_WITHIN_MS = 5000;

/** The beacon node answers, but not with what is needed yet. */
class NotYet extends Error {}

/**
 * Wait until the beacon node has caught up with the clock: what it serves before is old, and would be held for the head.
 * @param {string} api URL of the Beacon API
 * @param {AbortSignal} signal ends the wait
 * @param {(reason: string) => void} waiting is told why it still waits
 */
export async function caughtUp(api, signal, waiting) {
  await until(signal, waiting, async () => {
    const { is_syncing: syncing, sync_distance: distance } = (await get(api, '/eth/v1/node/syncing', signal)).data;
    if (syncing) throw new NotYet(`the beacon node is ${distance} slots behind`);
  });
}

/**
 * Return the root of the newest finalized block that the beacon node can start a light client from.
 * @param {string} api URL of the Beacon API
 * @param {AbortSignal} signal ends the wait
 * @param {(reason: string) => void} waiting is told why it still waits
 */
export async function finalizedRoot(api, signal, waiting) {
  return until(signal, waiting, async () => {
    const { data } = await get(api, '/eth/v1/beacon/states/head/finality_checkpoints', signal);
    const { epoch, root } = data.finalized;
    if (Number(epoch) === 0 || /^0x0*$/.test(root)) throw new NotYet('nothing is finalized yet');
    await get(api, `/eth/v1/beacon/light_client/bootstrap/${root}`, signal);
    return root;
  });
}

async function until(signal, waiting, attempt) {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      waiting(error.cause?.message ?? error.message);
    }
    await pause(EVERY_MS, undefined, { signal });
  }
}

async function get(api, path, signal) {
  const patience = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
  const answer = await fetch(api + path, { headers: { accept: 'application/json' }, signal: patience });
  if (!answer.ok) throw new NotYet(`${path}: HTTP ${answer.status}`);
  return answer.json();
}
