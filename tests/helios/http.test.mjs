import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { afterEach, test } from 'node:test';

import { LIMITS, call, eventually, load, post } from './world.mjs';

const { close, healthServer, listen, rpcServer } = await load('http.mjs');
const { Metrics } = await load('metrics.mjs');
const CALL = JSON.stringify(call('eth_chainId'));
const open = [];

async function serve(answer) {
  const metrics = new Metrics();
  const server = rpcServer({ answer }, LIMITS, metrics);
  open.push(server);
  return { server, metrics, port: await listen(server, '127.0.0.1', 0) };
}

afterEach(() => Promise.all(open.splice(0).map((server) => server.listening && close(server, 0))));

test('a request is answered, and the connection is kept', async () => {
  const { port } = await serve(async (body) => body);

  const { status, headers, text } = await post(port, CALL);

  assert.deepEqual([status, text], [200, CALL]);
  assert.equal(headers.get('content-type'), 'application/json');
  assert.equal(headers.get('connection'), 'keep-alive');
});

test('a body that is too large is refused, announced or not', async () => {
  const { port, metrics } = await serve(async () => '');
  const large = 'x'.repeat(LIMITS.maxBodyBytes + 1);
  const pieces = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(large));
      controller.close();
    },
  });

  assert.equal((await post(port, large)).status, 413);
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: pieces, duplex: 'half', headers });
  assert.equal(answer.status, 413);
  assert.match(metrics.text({}), /helios_http_rejected_total{reason="size"} 2/);
});

test('only JSON is posted, and nothing else is asked', async () => {
  const { port } = await serve(async () => '');

  assert.equal((await post(port, CALL, { 'content-type': 'text/plain' })).status, 415);
  const got = await fetch(`http://127.0.0.1:${port}/`);
  assert.deepEqual([got.status, got.headers.get('allow')], [405, 'POST']);
});

test('above the number of requests at once others are turned away, and later ones are not', async () => {
  let release;
  const held = new Promise((resolve) => (release = resolve));
  let working = 0;
  const { port } = await serve(async () => {
    working += 1;
    await held;
    return '{}';
  });

  const first = [post(port, CALL), post(port, CALL)];
  await eventually(() => working === 2, 'two requests are at work');
  const third = await post(port, CALL);
  release();

  assert.deepEqual([third.status, JSON.parse(third.text).error.code], [503, -32005]);
  assert.equal(third.headers.get('retry-after'), '1');
  assert.deepEqual((await Promise.all(first)).map((one) => one.status), [200, 200]);
  assert.equal((await post(port, CALL)).status, 200);
});

test('a client that hangs up takes no place', async () => {
  const { port } = await serve(async () => '{}');
  for (let n = 0; n < 5; n += 1) {
    const socket = connect(port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{');
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
  }

  await eventually(async () => (await post(port, CALL)).status === 200, 'it serves');
});

test('closing finishes what was asked', async () => {
  let began = false;
  const { server, port } = await serve(async () => {
    began = true;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return '{}';
  });
  const asked = post(port, CALL);
  await eventually(() => began, 'the request is at work');

  await close(server, 5);

  assert.equal((await asked).status, 200);
  await assert.rejects(post(port, CALL));
});

test('closing waits no longer than it was told', async () => {
  let began = false;
  const { server, port } = await serve(() => {
    began = true;
    return new Promise(() => {});
  });
  const asked = assert.rejects(post(port, CALL));
  await eventually(() => began, 'the request is at work');

  await close(server, 0.1);
  await asked;
});

test('health tells the process from its ability to serve', async () => {
  const state = { serving: false, hindrance: 'the head is 70 s old', head: 7, finalized: 3, headAgeS: 70 };
  const server = healthServer(async () => state, new Metrics());
  open.push(server);
  const at = `http://127.0.0.1:${await listen(server, '127.0.0.1', 0)}`;

  const pages = await Promise.all(['/healthz', '/readyz', '/metrics', '/x'].map((path) => fetch(at + path)));
  const texts = await Promise.all(pages.map((page) => page.text()));

  assert.deepEqual(pages.map((page) => page.status), [200, 503, 200, 404]);
  assert.equal(texts[1], 'the head is 70 s old\n');
  assert.match(texts[2], /^# HELP helios_serving .*\n# TYPE helios_serving gauge\nhelios_serving 0\n/);
  assert.match(texts[2], /\nhelios_head_age_seconds 70\n/);
  Object.assign(state, { serving: true, hindrance: '' });
  assert.equal((await fetch(`${at}/readyz`)).status, 200);
});
