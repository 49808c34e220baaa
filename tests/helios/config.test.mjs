import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ROOT, load } from './world.mjs';

const { ConfigError, read } = await load('config.mjs');
const GIVEN = { HELIOS_CONSENSUS_RPC: 'http://beacon:3500/', HELIOS_EXECUTION_RPC: 'http://geth:8545' };

test('two URLs are enough on the devnet, which has the identity of Sepolia', () => {
  const config = read({ ...GIVEN, PATH: '/bin' });

  assert.equal(config.packageNetwork, 'sepolia');
  assert.equal(config.consensusRpc, 'http://beacon:3500');
  assert.deepEqual([config.port, config.maxBatch, config.checkpoint], [8545, 100, '']);
});

test('a public network takes the checkpoint that is trusted', () => {
  const config = read({ ...GIVEN, HELIOS_NETWORK: 'mainnet', HELIOS_CHECKPOINT: ROOT });

  assert.deepEqual([config.packageNetwork, config.checkpoint], ['mainnet', ROOT]);
});

for (const [because, variables, says] of [
  ['nothing is set', { HELIOS_CONSENSUS_RPC: undefined }, /HELIOS_CONSENSUS_RPC is not set/],
  ['no checkpoint is trusted on mainnet', { HELIOS_NETWORK: 'mainnet' }, /HELIOS_CHECKPOINT is not set: mainnet needs the root/],
  ['half a checkpoint', { HELIOS_CHECKPOINT: '0x11' }, /HELIOS_CHECKPOINT=0x11 is not possible; it is the root/],
  ['an unknown network', { HELIOS_NETWORK: 'goerli' }, /choose one of devnet, sepolia, mainnet/],
  ['a host is no URL', { HELIOS_EXECUTION_RPC: 'geth:8545' }, /HELIOS_EXECUTION_RPC=geth:8545 is not possible; it is a URL/],
  ['no batch at all', { HELIOS_MAX_BATCH: '0' }, /HELIOS_MAX_BATCH=0 is not possible; it is a whole number from 1 to/],
  ['a word for a number', { HELIOS_PORT: 'rpc' }, /HELIOS_PORT=rpc is not possible/],
  ['an unknown variable', { HELIOS_PROT: '1' }, /unknown HELIOS_PROT; known are HELIOS_NETWORK/],
]) {
  test(`refused: ${because}`, () => {
    assert.throws(
      () => read({ ...GIVEN, ...variables }),
      (error) => error instanceof ConfigError && says.test(error.message),
    );
  });
}
