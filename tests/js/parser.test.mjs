/** Server-Sent Events come out whole, however the network cuts them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { live } from './scripted.mjs';

const encode = text => new TextEncoder().encode(text);

function parsed(chunks) {
  const messages = [];
  const retries = [];
  const feed = live.createParser(one => messages.push(one), ms => retries.push(ms));
  chunks.forEach(chunk => feed(typeof chunk === 'string' ? encode(chunk) : chunk));
  return { messages, retries };
}

const STREAM = ': ok\n\nretry: 1500\n\nevent: notification\nid: k3-7\ndata: {"título":"¡Hola! 🎉"}\n\ndata: a\ndata:b\n\n';
const EXPECTED = [
  { name: 'notification', id: 'k3-7', text: '{"título":"¡Hola! 🎉"}' },
  { name: 'message', id: null, text: 'a\nb' },
];

for (const [name, end] of [['LF', '\n'], ['CRLF', '\r\n'], ['CR', '\r']]) {
  test(`lines may end in ${name}, and chunks anywhere`, () => {
    const bytes = encode(STREAM.replaceAll('\n', end));
    for (let size = 1; size <= bytes.length; size += 1) {
      const chunks = [];
      for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.slice(at, at + size));
      assert.deepEqual(parsed(chunks), { messages: EXPECTED, retries: [1500] }, `chunks of ${size}`);
    }
  });
}

test('a message that was cut off is no message', () => {
  assert.deepEqual(parsed(['event: notification\nid: k3-8\ndata: {}\n']).messages, []);
});

test('an id belongs to its own message only', () => {
  const ids = parsed(['id: k3-1\ndata: a\n\ndata: b\n\nid: k3-2\n\n']).messages.map(one => one.id);
  assert.deepEqual(ids, ['k3-1', null, 'k3-2']);
});

test('unknown fields, ids with NUL and crooked retries are passed over', () => {
  const { messages, retries } = parsed(['id: a\0b\nfoo: bar\nretry: soon\ndata: x\n\n']);
  assert.deepEqual(messages, [{ name: 'message', id: null, text: 'x' }]);
  assert.deepEqual(retries, []);
});

test('cursors compare within an epoch; another epoch is news', () => {
  const cases = [
    ['k3-10', 'k3-9', true], ['k3-9', 'k3-10', false], ['k3-9', 'k3-9', false],
    ['k4-1', 'k3-9', true], ['k3-1', '', true], ['', 'k3-1', false], [null, 'k3-1', false],
  ];
  for (const [a, b, newer] of cases) assert.equal(live.isNewer(a, b), newer, `${a} after ${b}`);
});
