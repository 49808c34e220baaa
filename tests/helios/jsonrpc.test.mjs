import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { LIMITS, Provider, call, load } from './world.mjs';

const { JsonRpc } = await load('jsonrpc.mjs');
const { NotReady } = await load('light_client.mjs');
const { Metrics } = await load('metrics.mjs');

const ADDRESS = `0x${'12'.repeat(20)}`;
const HASH = `0x${'34'.repeat(32)}`;
let provider, metrics, rpc;

beforeEach(() => {
  provider = new Provider({ eth_chainId: '0xaa36a7' });
  metrics = new Metrics();
  const client = { request: (method, params) => provider.request({ method, params }) };
  rpc = new JsonRpc(client, LIMITS, metrics);
});

async function answer(request) {
  const text = await rpc.answer(typeof request === 'string' ? request : JSON.stringify(request));
  return text === '' ? undefined : JSON.parse(text);
}

async function result(method, given, ...params) {
  provider.answers[method] = given;
  return (await answer(call(method, ...params))).result;
}

async function code(request) {
  return (await answer(request)).error.code;
}

test('a call is answered under its id', async () => {
  assert.deepEqual(await answer({ ...call('eth_chainId'), id: 'a' }), { jsonrpc: '2.0', id: 'a', result: '0xaa36a7' });
});

test('a call without arguments may leave them out', async () => {
  assert.equal((await answer({ jsonrpc: '2.0', id: 1, method: 'eth_chainId' })).result, '0xaa36a7');
});

test('a batch is answered in its order, notifications are not', async () => {
  const batch = [call('eth_nosuch'), { jsonrpc: '2.0', method: 'eth_chainId' }, { ...call('eth_chainId'), id: 2 }];

  const answers = await answer(batch);

  assert.deepEqual(answers.map((one) => [one.id, one.result ?? one.error.code]), [[1, -32601], [2, '0xaa36a7']]);
});

test('notifications are carried out and not answered', async () => {
  provider.answers.eth_sendRawTransaction = HASH;
  const notification = { jsonrpc: '2.0', method: 'eth_sendRawTransaction', params: ['0x02aa'] };

  assert.equal(await answer(notification), undefined);
  assert.equal(await answer([notification]), undefined);
  assert.deepEqual(provider.asked.map(([method]) => method), ['eth_sendRawTransaction', 'eth_sendRawTransaction']);
});

for (const [because, request, expected] of [
  ['no JSON', '{"jsonrpc": "2.0",', -32700],
  ['an empty batch', [], -32600],
  ['too long a batch', Array(4).fill(call('eth_chainId')), -32600],
  ['no version', { id: 7, method: 'eth_chainId' }, -32600],
  ['a number', '7', -32600],
  ['an id that is none', { ...call('eth_chainId'), id: {} }, -32600],
  ['an unknown method', call('eth_nosuch'), -32601],
  ['a method of objects', call('constructor'), -32601],
  ['a subscription, which needs a connection that stays', call('eth_subscribe', 'newHeads'), -32601],
  ['a missing argument', call('eth_getBalance'), -32602],
  ['an address that is none', call('eth_getBalance', '0x12'), -32602],
  ['a block that is none', call('eth_getBalance', ADDRESS, 'newest'), -32602],
  ['too many arguments', call('eth_chainId', 1), -32602],
  ['named arguments', { ...call('eth_getBalance'), params: { address: ADDRESS } }, -32602],
]) {
  test(`refused: ${because}`, async () => {
    assert.equal(await code(request), expected);
    assert.deepEqual(provider.asked, []);
  });
}

test('what a call leaves out is filled in', async () => {
  await result('eth_getBalance', '1', ADDRESS);
  await result('eth_getBlockByNumber', null, 'latest', null);

  assert.deepEqual(provider.asked, [
    ['eth_getBalance', [ADDRESS, 'latest']],
    ['eth_getBlockByNumber', ['latest', false]],
  ]);
});

test('numbers are written as quantities, whatever the package makes of them', async () => {
  assert.equal(await result('eth_getBalance', '1000000000000000000', ADDRESS), '0xde0b6b3a7640000');
  assert.equal(await result('eth_getTransactionCount', 5, ADDRESS), '0x5');
  assert.equal(await result('eth_blockNumber', '0x1f'), '0x1f');
  assert.equal(await result('eth_getBlockTransactionCountByHash', undefined, HASH), null);
  assert.equal(await result('net_version', 11155111), '11155111');
});

test('maps are written as objects at every depth, and what they leave open as null', async () => {
  const block = new Map([['number', 7n], ['transactions', [new Map([['to', undefined]])]]]);

  assert.deepEqual(await result('eth_getBlockByHash', block, HASH), { number: '0x7', transactions: [{ to: null }] });
  assert.equal(await result('eth_getTransactionByHash', undefined, HASH), null);
});

test('a position in a block is passed on as a number, as the package wants it', async () => {
  await result('eth_getTransactionByBlockHashAndIndex', null, HASH, '0x10');

  assert.deepEqual(provider.asked, [['eth_getTransactionByBlockHashAndIndex', [HASH, 16]]]);
});

for (const [says, expected, outcome] of [
  ['Error: invalid account proof for address: 0x1', -32010, 'unverified'],
  ['invalid storage proof for address: 0x1, slot: 0x2', -32010, 'unverified'],
  ['code hash mismatch for address: 0x1', -32010, 'unverified'],
  ['receipts root mismatch for block: 0x5', -32010, 'unverified'],
  ['missing log for transaction: 0x1, index: 0', -32010, 'unverified'],
  ['block validation failed: hash mismatch or invalid block structure', -32010, 'unverified'],
  ['Error: out of sync: 62 seconds behind', -32002, 'failed'],
  ['server returned an error response: error code -32601: no', -32000, 'failed'],
]) {
  test(`told apart: ${says}`, async () => {
    provider.answers.eth_getBalance = new Error(says);

    const { error } = await answer(call('eth_getBalance', ADDRESS));

    assert.deepEqual(error, { code: expected, message: says.replace('Error: ', '') });
    assert.match(metrics.text({}), new RegExp(`helios_rpc_requests_total{method="eth_getBalance",outcome="${outcome}"} 1`));
    assert.match(metrics.text({}), new RegExp(`helios_verification_failures_total ${Number(outcome === 'unverified')}\n`));
  });
}

test('a client that is not synchronised says what it waits for', async () => {
  provider.answers.eth_chainId = new NotReady('waiting for the beacon node');

  assert.deepEqual((await answer(call('eth_chainId'))).error, { code: -32002, message: 'waiting for the beacon node' });
});

test('methods that nobody knows are counted under one name', async () => {
  await answer(call('eth_nosuch'));
  await answer(call('eth_nosuch2'));

  assert.match(metrics.text({}), /helios_rpc_requests_total{method="unknown",outcome="refused"} 2/);
});
