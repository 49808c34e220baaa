// The methods that are served: all of the package's but subscriptions, which need a connection that stays.

import * as values from './values.mjs';
import { RpcError, INVALID_PARAMS } from './errors.mjs';

const { address, block, bytes, flag, hash, index, object, optional, quantity, slots } = values;
const { asJson, asQuantity } = values;
const atBlock = optional(block, 'latest');
const overrides = optional(object);

/** A method, by the kinds of its arguments and by how its result is written. */
const takes = (...kinds) => ({ gives: (write) => ({ kinds, write }) });

export const METHODS = {
  eth_blockNumber: takes().gives(asQuantity),
  eth_call: takes(object, atBlock, overrides).gives(asJson),
  eth_chainId: takes().gives(asQuantity),
  eth_createAccessList: takes(object, atBlock, overrides).gives(asJson),
  eth_estimateGas: takes(object, atBlock, overrides).gives(asQuantity),
  eth_gasPrice: takes().gives(asQuantity),
  eth_getBalance: takes(address, atBlock).gives(asQuantity),
  eth_getBlockByHash: takes(hash, optional(flag, false)).gives(asJson),
  eth_getBlockByNumber: takes(block, optional(flag, false)).gives(asJson),
  eth_getBlockReceipts: takes(block).gives(asJson),
  eth_getBlockTransactionCountByHash: takes(hash).gives(asQuantity),
  eth_getBlockTransactionCountByNumber: takes(block).gives(asQuantity),
  eth_getCode: takes(address, atBlock).gives(asJson),
  eth_getFilterLogs: takes(quantity).gives(asJson),
  eth_getLogs: takes(object).gives(asJson),
  eth_getProof: takes(address, slots, atBlock).gives(asJson),
  eth_getStorageAt: takes(address, quantity, atBlock).gives(asJson),
  eth_getTransactionByBlockHashAndIndex: takes(hash, index).gives(asJson),
  eth_getTransactionByBlockNumberAndIndex: takes(block, index).gives(asJson),
  eth_getTransactionByHash: takes(hash).gives(asJson),
  eth_getTransactionCount: takes(address, atBlock).gives(asQuantity),
  eth_getTransactionReceipt: takes(hash).gives(asJson),
  eth_maxPriorityFeePerGas: takes().gives(asQuantity),
  eth_newBlockFilter: takes().gives(asJson),
  eth_newFilter: takes(object).gives(asJson),
  eth_sendRawTransaction: takes(bytes).gives(asJson),
  eth_uninstallFilter: takes(quantity).gives(asJson),
  helios_getCurrentCheckpoint: takes().gives(asJson),
  net_version: takes().gives(String),
  web3_clientVersion: takes().gives(asJson),
};

/**
 * Return a call's arguments with those that it leaves out.
 * @throws {RpcError} one is missing, wrong, or too many
 */
export function completed({ kinds }, params) {
  if (params.length > kinds.length) {
    throw new RpcError(INVALID_PARAMS, `too many arguments, want at most ${kinds.length}`);
  }
  return kinds.map((kind, position) => {
    const given = params[position];
    if (given === undefined || given === null) {
      if (kind.optional) return kind.otherwise;
      throw new RpcError(INVALID_PARAMS, `missing value for required argument ${position}: ${kind.what}`);
    }
    if (!kind.fits(given)) throw new RpcError(INVALID_PARAMS, `invalid argument ${position}: it is ${kind.what}`);
    return kind.passes ? kind.passes(given) : given;
  });
}
