// The upstream package, unmodified, and the one thing of a browser that it misses in Node.

// Its retries wait with a timer that insists on a browser's Window; without one, the first failed request ends the instance.
globalThis.Window ??= class Window {
  static [Symbol.hasInstance](object) {
    return object === globalThis;
  }
};

/**
 * Return a light client that is not synchronised yet.
 * @param {{executionRpc: string, consensusRpc: string, packageNetwork: string}} config where it asks, and which network it is on
 * @param {string} checkpoint root of the finalized block that it trusts
 */
export async function create({ executionRpc, consensusRpc, packageNetwork }, checkpoint) {
  const { createHeliosProvider } = await import('@a16z/helios');
  return createHeliosProvider(
    { executionRpc, consensusRpc, network: packageNetwork, checkpoint, dbType: 'config' },
    'ethereum',
  );
}
