// Uses the Node.js SDK as told on the command line, and prints what came of it as one line of JSON.

import {
  AllDataReadWrite,
  AuthClient,
  CacheClient,
  Configurations,
  CredentialProvider,
  DisposableTokenScopes,
  ExpiresIn,
  TopicClient,
  TopicConfigurations,
} from '@gomomento/sdk';

const settings = JSON.parse(process.argv[2]);
const { cache } = settings;

function overrides() {
  if (settings.endpoint === null) {
    const address = `${settings.host}:${settings.port}`;
    return { cacheEndpoint: address, controlEndpoint: address, tokenEndpoint: address, secureConnection: false };
  }
  const { endpoint } = settings;
  const names = ['cache', 'control', 'token'].map(service => `${service}.${endpoint}`);
  return { cacheEndpoint: names[0], controlEndpoint: names[1], tokenEndpoint: names[2], secureConnection: true };
}

/** Credentials of a token that is not packed; in the form of the SDK, a packed one whose endpoints are overridden. */
function credentials(token) {
  if (token === settings.key && settings.endpoint !== null) {
    return CredentialProvider.fromApiKeyV2({ apiKey: token, endpoint: settings.endpoint });
  }
  return packed(Buffer.from(JSON.stringify({ endpoint: 'unused', api_key: token })).toString('base64'), true);
}

function packed(token, override = settings.endpoint === null) {
  return CredentialProvider.fromDisposableToken(
    override ? { apiKey: token, endpointOverrides: overrides() } : { apiKey: token },
  );
}

const topicsWith = credentialProvider =>
  new TopicClient({ configuration: TopicConfigurations.Default.latest(), credentialProvider });

const told = response => (response.errorCode ? response.errorCode() : response.constructor.name);

const shown = item => {
  const value = item.value();
  return [typeof value === 'string' ? value : Buffer.from(value).toString('hex'), item.sequenceNumber()];
};

/** A subscription that keeps what it gets; `until` waits for the condition. */
async function listen(topics, topic) {
  const heard = { items: [], errors: [], lost: 0, discontinuities: 0, waiting: () => {} };
  const response = await topics.subscribe(cache, topic, {
    onItem: item => {
      heard.items.push(item);
      heard.waiting();
    },
    onError: error => {
      heard.errors.push(error.errorCode());
      heard.waiting();
    },
    onConnectionLost: () => {
      heard.lost += 1;
    },
    onDiscontinuity: () => {
      heard.discontinuities += 1;
    },
  });
  heard.answer = told(response);
  heard.subscription = response;
  heard.until = condition =>
    new Promise(resolve => {
      heard.waiting = () => condition(heard) && resolve();
      heard.waiting();
    });
  return heard;
}

const scenarios = {
  async caches() {
    const credentialProvider = credentials(settings.key);
    const caches = await CacheClient.create({
      configuration: Configurations.Laptop.latest(),
      credentialProvider,
      defaultTtlSeconds: 60,
    });
    const answers = [await caches.createCache(cache), await caches.createCache(cache)];
    const listed = await caches.listCaches();
    answers.push(await caches.deleteCache(cache), await caches.deleteCache(cache));
    const limits = listed.getCaches().map(found => [found.getName(), found.getTopicLimits().maxPublishRate]);
    return [answers.map(told), limits];
  },

  async publishSubscribe() {
    const topics = topicsWith(credentials(settings.key));
    const heard = await listen(topics, 'news');
    await topics.publish(cache, 'news', 'grüße');
    await topics.publish(cache, 'news', new Uint8Array([0, 255]));
    await heard.until(h => h.items.length === 2);
    return heard.items.map(shown);
  },

  async newest() {
    const topics = topicsWith(credentials(settings.key));
    for (const value of ['one', 'two', 'three']) await topics.publish(cache, 'news', value);
    const heard = await listen(topics, 'news');
    await heard.until(h => h.items.length === 1);
    return heard.items.map(shown);
  },

  async publish() {
    const topics = topicsWith(credentials(settings.token));
    return told(await topics.publish(cache, settings.topic, 'x'.repeat(settings.length ?? 1)));
  },

  async subscribe() {
    return (await listen(topicsWith(credentials(settings.token)), settings.topic)).answer;
  },

  /** What the SDK's own form of minting gives: publishing to one topic, with the publisher's id on what it sent. */
  async disposable() {
    const credentialProvider = credentials(settings.key);
    const auth = new AuthClient({ credentialProvider });
    const scope = DisposableTokenScopes.topicPublishOnly(cache, 'news');
    const made = await auth.generateDisposableToken(scope, ExpiresIn.minutes(5), { tokenId: 'myTokenID' });
    if (made.errorCode) throw new Error(`${made.errorCode()} ${made.message()}`);
    const heard = await listen(topicsWith(credentialProvider), 'news');
    const limited = topicsWith(packed(Buffer.from(JSON.stringify({
      endpoint: made.endpoint, api_key: JSON.parse(Buffer.from(made.authToken, 'base64').toString()).api_key,
    })).toString('base64')));
    const answers = [told(await limited.publish(cache, 'news', 'x')), told(await limited.publish(cache, 'other', 'x'))];
    answers.push((await listen(limited, 'news')).answer);
    await heard.until(h => h.items.length === 1);
    return [answers, heard.items[0].tokenId()];
  },

  async prefix() {
    const topics = topicsWith(packed(settings.token));
    const heard = await listen(topics, 'news-1');
    const answers = [];
    for (const topic of ['news-1', 'news', 'other']) answers.push(told(await topics.publish(cache, topic, 'x')));
    await heard.until(h => h.items.length === 1);
    return [...answers, heard.items[0].valueString()];
  },

  /** A token that may only listen, and ends while it does. */
  async listenOnly() {
    const auth = new AuthClient({ credentialProvider: credentials(settings.token) });
    const scope = DisposableTokenScopes.topicSubscribeOnly(cache, 'news');
    const made = await auth.generateDisposableToken(scope, ExpiresIn.seconds(settings.lifetime));
    if (made.errorCode) throw new Error(`${made.errorCode()} ${made.message()}`);
    const topics = topicsWith(credentials(JSON.parse(Buffer.from(made.authToken, 'base64').toString()).api_key));
    const heard = await listen(topics, 'news');
    const answers = [heard.answer, told(await topics.publish(cache, 'news', 'x'))];
    await heard.until(h => h.errors.length === 1);
    return [...answers, heard.errors, told(await topics.publish(cache, 'news', 'x'))];
  },

  /** The SDK's own way to a service without tokens. */
  async local() {
    const { host: hostname, port } = settings;
    const credentialProvider = CredentialProvider.forMomentoLocal({ hostname, port });
    const caches = await CacheClient.create({
      configuration: Configurations.Laptop.latest(),
      credentialProvider,
      defaultTtlSeconds: 60,
    });
    const answers = [told(await caches.createCache(cache))];
    const topics = topicsWith(credentialProvider);
    const heard = await listen(topics, 'news');
    answers.push(heard.answer, told(await topics.publish(cache, 'news', 'x')));
    await heard.until(h => h.items.length === 1);
    return [...answers, ...heard.items.map(shown), told(await caches.deleteCache(cache))];
  },

  /** Keys with explicit permissions, made and refreshed by the SDK; its own key may not make a super user's. */
  async keys() {
    const auth = new AuthClient({ credentialProvider: credentials(settings.token) });
    const made = await auth.generateApiKey(AllDataReadWrite, ExpiresIn.minutes(5));
    if (made.errorCode) throw new Error(`${made.errorCode()} ${made.message()}`);
    const own = new AuthClient({ credentialProvider: packed(made.apiKey, true) });
    const again = await own.refreshApiKey(made.refreshToken);
    const topics = topicsWith(packed(again.apiKey, true));
    return [told(again), again.apiKey !== made.apiKey, told(await topics.publish(cache, 'news', 'x')),
      told(await own.generateApiKey(AllDataReadWrite, ExpiresIn.minutes(5)))];
  },

  /** All subscriptions on the one channel that a client of this configuration has. */
  async many() {
    const configuration = TopicConfigurations.Default.latest().withNumStreamConnections(1);
    const topics = new TopicClient({ configuration, credentialProvider: credentials(settings.key) });
    const all = await Promise.all(Array.from({ length: settings.count }, () => listen(topics, 'news')));
    await topics.publish(cache, 'news', 'x');
    await Promise.all(all.map(heard => heard.until(h => h.items.length === 1)));
    const oneMore = await listen(topics, 'news');
    return [all.every(heard => heard.items[0].sequenceNumber() === 1), oneMore.answer];
  },

  /** Webhooks from their making to their end; what is published goes out signed while it is there. */
  async webhooks() {
    const topics = topicsWith(credentials(settings.key));
    const options = { topicName: 'news', destination: settings.url };
    const made = await topics.putWebhook(cache, 'archive', options);
    const answers = [told(made), told(await topics.publish(cache, 'news', 'first'))];
    const kept = await topics.getWebhookSecret(cache, 'archive');
    const turned = await topics.rotateWebhookSecret(cache, 'archive');
    const again = await topics.putWebhook(cache, 'archive', options);
    const listed = (await topics.listWebhooks(cache)).getWebhooks();
    answers.push(told(kept), told(turned), told(await topics.publish(cache, 'news', new Uint8Array([0, 255]))));
    return { answers, secrets: [made.secretString(), kept.secret(), turned.secret(), again.secretString()],
      listed: listed.map(each => [each.id.cacheName, each.id.webhookName, each.topicName, each.destination.url()]) };
  },

  async webhookGone() {
    const topics = topicsWith(credentials(settings.key));
    const gone = [await topics.deleteWebhook(cache, 'archive'), await topics.deleteWebhook(cache, 'archive'),
      await topics.getWebhookSecret(cache, 'archive'), await topics.rotateWebhookSecret(cache, 'archive'),
      await topics.listWebhooks('no-such-cache'),
      await topics.putWebhook(cache, 'archive', { topicName: 'news', destination: 'https://127.0.0.1/' })];
    const limited = topicsWith(packed(settings.token));
    return [...gone, await limited.listWebhooks(cache)].map(told);
  },

  async cacheDeleted() {
    const credentialProvider = credentials(settings.key);
    const heard = await listen(topicsWith(credentialProvider), 'news');
    const caches = await CacheClient.create({
      configuration: Configurations.Laptop.latest(),
      credentialProvider,
      defaultTtlSeconds: 60,
    });
    await caches.deleteCache(cache);
    await heard.until(h => h.errors.length === 1);
    return heard.errors;
  },

  /** Listens until an item says `last`; tells on standard output when it listens. */
  async listenToTheEnd() {
    const heard = await listen(topicsWith(credentials(settings.key)), 'news');
    process.stdout.write(`${JSON.stringify(heard.answer)}\n`);
    await heard.until(h => h.items.some(item => item.value() === 'last'));
    return { texts: heard.items.map(item => item.value()), errors: heard.errors, lost: heard.lost,
      discontinuities: heard.discontinuities };
  },
};

const result = await scenarios[settings.scenario]();
process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
