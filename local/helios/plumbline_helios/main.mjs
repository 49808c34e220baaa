// The process: configuration, the two ports, the light client, and an orderly end.

import { ConfigError, read } from './config.mjs';
import { close, healthServer, listen, rpcServer } from './http.mjs';
import { JsonRpc } from './jsonrpc.mjs';
import { LightClient } from './light_client.mjs';
import { log } from './log.mjs';
import { Metrics } from './metrics.mjs';
import { create } from './package.mjs';
import { stateOf } from './state.mjs';

/** Exit codes, as the harness has them. */
const BAD_CONFIGURATION = 2;
const BROKEN = 1;

async function main() {
  const config = read(process.env);
  const metrics = new Metrics();
  const client = new LightClient(config, create);
  const rpc = rpcServer(new JsonRpc(client, config, metrics), config, metrics);
  const health = healthServer(() => stateOf(client, config.maxHeadAgeS), metrics);

  process.once('SIGTERM', () => end('SIGTERM'));
  process.once('SIGINT', () => end('SIGINT'));
  const port = await listen(rpc, config.host, config.port);
  const metricsPort = await listen(health, config.host, config.metricsPort);
  log('listening', { port, metricsPort, network: config.network });
  await client.start();

  async function end(signal) {
    log('ending', { signal });
    await close(rpc, config.shutdownGraceS);
    await client.stop();
    await close(health, 0);
    log('ended');
    process.exit(0);
  }
}

/** A panic leaves the package's memory as it was at that moment: nothing that it says afterwards can be relied on. */
function broken(error) {
  log('broken', { reason: error?.stack ?? error });
  process.exit(BROKEN);
}

process.on('uncaughtException', broken);
process.on('unhandledRejection', broken);
main().catch((error) => {
  log('refused', { reason: error.message });
  process.exit(error instanceof ConfigError ? BAD_CONFIGURATION : BROKEN);
});
