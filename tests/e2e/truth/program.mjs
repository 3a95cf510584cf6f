// What program.py is, with the published Node.js SDK: does what lines of JSON on standard input say, and answers each
// with a line of JSON. Items of this SDK do not tell their page.

import { createInterface } from 'node:readline';
import { CredentialProvider, TopicClient, TopicConfigurations } from '@gomomento/sdk';

const [key, port] = process.argv.slice(2);
const open = new Map();

function credentials() {
  const address = `127.0.0.1:${port}`;
  const apiKey = Buffer.from(JSON.stringify({ endpoint: 'unused', api_key: key })).toString('base64');
  const endpoints = { cacheEndpoint: address, controlEndpoint: address, tokenEndpoint: address };
  return CredentialProvider.fromDisposableToken({ apiKey, endpointOverrides: { ...endpoints, secureConnection: false } });
}

// One subscription: the items that nobody has read, and who waits for one.
class Reader {
  constructor() {
    this.items = [];
    this.waiting = null;
  }

  take(item) {
    this.items.push([item.sequenceNumber(), 0, item.valueUint8Array().length]);
    this.waiting?.();
  }

  async next() {
    while (!this.items.length) await new Promise(resolve => { this.waiting = resolve; });
    return this.items.shift();
  }
}

const topics = new TopicClient({ configuration: TopicConfigurations.Default.latest(), credentialProvider: credentials() });

const methods = {
  async publish({ cache, topic, sizes }) {
    const answers = [];
    for (const size of sizes) {
      const answer = await topics.publish(cache, topic, new Uint8Array(size).fill(120));
      answers.push(answer.errorCode ? answer.errorCode() : 'stored');
    }
    return answers;
  },

  async subscribe({ cache, topic, count = 1 }) {
    const made = Array.from({ length: count }, () => new Reader());
    open.set(topic, made);
    const answers = made.map(reader => topics.subscribe(cache, topic, { onItem: item => reader.take(item), onError: () => {} }));
    return (await Promise.all(answers)).filter(answer => answer.unsubscribe).length;
  },

  async read({ topic, count }) {
    const found = [];
    for (const reader of open.get(topic)) for (let number = 0; number < count; number += 1) found.push(await reader.next());
    return found;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const [method, given] = JSON.parse(line);
  console.log(JSON.stringify(await methods[method](given)));
}
process.exit(0);
