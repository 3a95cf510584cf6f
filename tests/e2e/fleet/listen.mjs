// Listens to topics with the Node.js SDK, several clients of it, and prints a line of JSON for each thing it is told.
// It ends when its standard input does.

import { CredentialProvider, TopicClient, TopicConfigurations } from '@gomomento/sdk';

const { address, key, cache, topics, clients } = JSON.parse(process.argv[2]);
const told = (topic, client, event) => console.log(JSON.stringify({ topic, client, ...event }));

function credentials() {
  const apiKey = Buffer.from(JSON.stringify({ endpoint: 'unused', api_key: key })).toString('base64');
  const endpoints = { cacheEndpoint: address, controlEndpoint: address, tokenEndpoint: address };
  return CredentialProvider.fromDisposableToken({ apiKey, endpointOverrides: { ...endpoints, secureConnection: false } });
}

async function listen(client, topic) {
  const sdk = client.sdk;
  const response = await sdk.subscribe(cache, topic, {
    onItem: item => told(topic, client.number, { value: item.valueString(), number: item.sequenceNumber() }),
    onDiscontinuity: gap => {
      const [last, next, page] = [gap.lastSequenceNumber(), gap.newSequenceNumber(), gap.newSequencePage()];
      told(topic, client.number, { last, next, page });
    },
    onConnectionLost: () => told(topic, client.number, { lost: true }),
    onError: error => told(topic, client.number, { error: error.errorCode() }),
  });
  told(topic, client.number, response.errorCode ? { error: response.errorCode() } : { open: true });
}

for (let number = 0; number < clients; number += 1) {
  const sdk = new TopicClient({ configuration: TopicConfigurations.Default.latest(), credentialProvider: credentials() });
  await Promise.all(topics.map(topic => listen({ sdk, number }, topic)));
}
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
