// What the process is told by its environment: read once, at the start; the message of a refusal says what would be right.

/** Networks, and the name of each in the package: the devnet has Sepolia's identity. */
const NETWORKS = { devnet: 'sepolia', sepolia: 'sepolia', mainnet: 'mainnet' };
const ROOT = /^0x[0-9a-f]{64}$/;

/** Every variable: how its text is read, and its default (undefined: it must be given). */
const VARIABLES = {
  HELIOS_NETWORK: ['network', network, 'devnet'],
  HELIOS_CONSENSUS_RPC: ['consensusRpc', url],
  HELIOS_EXECUTION_RPC: ['executionRpc', url],
  HELIOS_CHECKPOINT: ['checkpoint', checkpoint, ''],
  HELIOS_HOST: ['host', String, '127.0.0.1'],
  HELIOS_PORT: ['port', whole(0, 65535), '8545'],
  HELIOS_METRICS_PORT: ['metricsPort', whole(0, 65535), '8008'],
  HELIOS_MAX_BODY_BYTES: ['maxBodyBytes', whole(1024, 2 ** 26), '1048576'],
  HELIOS_MAX_BATCH: ['maxBatch', whole(1, 10000), '100'],
  HELIOS_MAX_CONCURRENT: ['maxConcurrent', whole(1, 10000), '64'],
  HELIOS_ANSWER_WITHIN_S: ['answerWithinS', whole(1, 600), '30'],
  HELIOS_MAX_HEAD_AGE_S: ['maxHeadAgeS', whole(24, 3600), '60'],
  HELIOS_SHUTDOWN_GRACE_S: ['shutdownGraceS', whole(0, 600), '10'],
};

/** A variable is missing, unknown, or not what it should be. */
export class ConfigError extends Error {}

/**
 * Return the configuration in an environment.
 * @param {Record<string, string | undefined>} env the environment; other programs' variables are left alone
 * @throws {ConfigError} it cannot be used
 */
export function read(env) {
  const unknown = Object.keys(env).filter((name) => name.startsWith('HELIOS_') && !(name in VARIABLES));
  if (unknown.length) {
    throw new ConfigError(`unknown ${unknown.join(', ')}; known are ${Object.keys(VARIABLES).join(', ')}`);
  }
  const config = {};
  for (const [name, [key, parse, otherwise]] of Object.entries(VARIABLES)) {
    const text = env[name] || otherwise;
    if (text === undefined) throw new ConfigError(`${name} is not set: it is the URL of the node that is asked`);
    config[key] = parse(text, name);
  }
  if (config.network !== 'devnet' && !config.checkpoint) {
    throw new ConfigError(
      `HELIOS_CHECKPOINT is not set: ${config.network} needs the root (0x and 64 hex digits) of a finalized block that you ` +
        'trust, not older than two weeks',
    );
  }
  return Object.freeze({ ...config, packageNetwork: NETWORKS[config.network] });
}

function network(text, name) {
  if (text in NETWORKS) return text;
  throw new ConfigError(`${name}=${text} is not possible; choose one of ${Object.keys(NETWORKS).join(', ')}`);
}

function url(text, name) {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text.replace(/\/$/, '');
  throw new ConfigError(`${name}=${text} is not possible; it is a URL, http:// or https://`);
}

function checkpoint(text, name) {
  if (text === '' || ROOT.test(text)) return text;
  throw new ConfigError(`${name}=${text} is not possible; it is the root of a finalized block, 0x and 64 hex digits`);
}

function whole(lowest, highest) {
  return (text, name) => {
    const number = /^\d+$/.test(text) ? Number(text) : NaN;
    if (number >= lowest && number <= highest) return number;
    throw new ConfigError(`${name}=${text} is not possible; it is a whole number from ${lowest} to ${highest}`);
  };
}
