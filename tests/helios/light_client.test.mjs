import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { Beacon, LIMITS, Provider, ROOT, eventually, load } from './world.mjs';

const { LightClient, NotReady } = await load('light_client.mjs');
const { stateOf } = await load('state.mjs');
const NOW = 2000;
const at = (number, time) => ({ number: `0x${number.toString(16)}`, timestamp: `0x${time.toString(16)}` });

let beacon, client, made;

beforeEach(async () => {
  beacon = await new Beacon().start();
  made = [];
});

afterEach(async () => {
  await client.stop();
  beacon.stop();
});

function start(checkpoint = '', refusals = []) {
  client = new LightClient({ ...LIMITS, consensusRpc: beacon.url, checkpoint }, async (_, trusted) => {
    const provider = new Provider({ eth_chainId: '0x1' });
    provider.refusal = refusals.shift();
    made.push([trusted, provider]);
    return provider;
  });
  return client.start();
}

test('it starts from the finalized block that the beacon node names', async () => {
  await start();

  assert.deepEqual(made.map(([trusted]) => trusted), [ROOT]);
  assert.equal(client.hindrance, '');
  assert.equal(await client.request('eth_chainId', []), '0x1');
});

test('it starts from the block that is trusted, and asks nobody for another', async () => {
  const trusted = `0x${'cd'.repeat(32)}`;

  await start(trusted);

  assert.equal(made[0][0], trusted);
  assert.deepEqual(beacon.asked, ['/eth/v1/node/syncing']);
});

test('it waits for a beacon node that is behind', async () => {
  beacon.answers['/eth/v1/node/syncing'].data = { is_syncing: true, sync_distance: '120' };
  const started = start();
  await eventually(() => /120 slots behind/.test(client.hindrance), 'it says what it waits for');
  await assert.rejects(client.request('eth_chainId', []), NotReady);
  assert.deepEqual(made, []);

  beacon.answers['/eth/v1/node/syncing'].data.is_syncing = false;
  await started;

  assert.equal(made.length, 1);
});

test('it waits until something is finalized', async () => {
  const { finalized } = beacon.answers['/eth/v1/beacon/states/head/finality_checkpoints'].data;
  finalized.epoch = '0';
  const started = start();
  await eventually(() => /nothing is finalized yet/.test(client.hindrance), 'it says what it waits for');

  finalized.epoch = '7';
  await started;
});

test('a client that refuses is ended, and another one tries', async () => {
  await start('', ['sync failed: invalid sync committee signature']);

  assert.deepEqual(made.map(([, provider]) => provider.ended), [true, false]);
});

test('an execution node that hangs is not waited for any longer than was allowed', async () => {
  await start();
  made[0][1].answers.eth_getBalance = () => new Promise(() => {});

  await assert.rejects(client.request('eth_getBalance', []), /not answered by the execution node within 0.1 s/);
});

test('what ends does not answer any more', async () => {
  await start();
  await client.stop();

  assert.equal(made[0][1].ended, true);
  await assert.rejects(client.request('eth_chainId', []), NotReady);
});

test('it ends while it waits', async () => {
  beacon.answers['/eth/v1/node/syncing'].data.is_syncing = true;
  const started = start();

  await client.stop();
  await started;

  assert.deepEqual(made, []);
});

test('it serves while its head is fresh', async () => {
  await start();
  const heads = { latest: at(9, NOW - 20), finalized: at(3, NOW - 900) };
  made[0][1].answers.eth_getBlockByNumber = (tag) => heads[tag];

  assert.deepEqual(await stateOf(client, 60, () => NOW), { serving: true, hindrance: '', head: 9, finalized: 3, headAgeS: 20 });
  assert.equal((await stateOf(client, 19, () => NOW)).hindrance, 'the head is 20 s old');
});

test('it does not serve while the package says that it is out of sync', async () => {
  await start();
  made[0][1].answers.eth_getBlockByNumber = new Error('out of sync: 62 seconds behind');

  const state = await stateOf(client, 60, () => NOW);

  assert.deepEqual([state.serving, state.hindrance, state.head], [false, 'out of sync: 62 seconds behind', NaN]);
});
