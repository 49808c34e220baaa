// How the light client is: which blocks it has verified, how old the newest is, and whether clients may rely on it.

/**
 * Return the state.
 * @param {{request: Function, hindrance: string}} client the light client
 * @param {number} maxHeadAgeS older heads are not served
 * @param {() => number} now the time, in seconds since the Unix epoch
 */
export async function stateOf(client, maxHeadAgeS, now = () => Date.now() / 1000) {
  try {
    const [head, finalized] = await Promise.all(['latest', 'finalized'].map((tag) => blockOf(client, tag)));
    const headAgeS = now() - head.time;
    const hindrance = headAgeS > maxHeadAgeS ? `the head is ${Math.round(headAgeS)} s old` : '';
    return { serving: !hindrance, hindrance, head: head.number, finalized: finalized.number, headAgeS };
  } catch (error) {
    const hindrance = client.hindrance || error.message;
    return { serving: false, hindrance, head: NaN, finalized: NaN, headAgeS: NaN };
  }
}

async function blockOf(client, tag) {
  const block = await client.request('eth_getBlockByNumber', [tag, false]);
  return { number: Number(block.number), time: Number(block.timestamp) };
}
