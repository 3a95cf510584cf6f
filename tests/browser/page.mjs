// The page that uses the web SDK: what a test calls is on `window.scenarios`, and what it heard on `window.heard`.

import {
  AuthClient,
  CacheClient,
  Configurations,
  CredentialProvider,
  DisposableTokenScopes,
  ExpiresIn,
  TopicClient,
  TopicConfigurations,
} from '@gomomento/sdk-web';

const pack = token => btoa(JSON.stringify({ endpoint: 'unused', api_key: token }));
const told = response => (response.errorCode ? response.errorCode() : response.constructor.name);

function credentials({ url }, token) {
  return CredentialProvider.fromDisposableToken({
    apiKey: pack(token),
    endpointOverrides: { cacheEndpoint: url, controlEndpoint: url, tokenEndpoint: url },
  });
}

const topicsWith = credentialProvider =>
  new TopicClient({ configuration: TopicConfigurations.Default.latest(), credentialProvider });

async function listen(topics, cache, topic) {
  const heard = { texts: [], numbers: [], ids: [], errors: [], lost: 0, discontinuities: 0 };
  const response = await topics.subscribe(cache, topic, {
    onItem: item => {
      const value = item.value();
      heard.texts.push(typeof value === 'string' ? value : Array.from(value));
      heard.numbers.push(item.sequenceNumber());
      heard.ids.push(item.tokenId() ?? '');
    },
    onError: error => heard.errors.push(error.errorCode()),
    onConnectionLost: () => {
      heard.lost += 1;
    },
    onDiscontinuity: () => {
      heard.discontinuities += 1;
    },
  });
  heard.answer = told(response);
  return heard;
}

window.scenarios = {
  /** Opens a subscription that stays; `window.heard` shows what it gets. */
  async subscribe(settings) {
    window.heard = await listen(topicsWith(credentials(settings, settings.token)), settings.cache, settings.topic);
    return window.heard.answer;
  },

  async publish(settings) {
    const topics = topicsWith(credentials(settings, settings.token));
    const answers = [];
    for (const value of settings.values) {
      const carried = typeof value === 'string' ? value : new Uint8Array(value);
      answers.push(told(await topics.publish(settings.cache, settings.topic, carried)));
    }
    return answers;
  },

  async caches(settings) {
    const caches = new CacheClient({
      configuration: Configurations.Laptop.latest(),
      credentialProvider: credentials(settings, settings.token),
      defaultTtlSeconds: 60,
    });
    const answers = [await caches.createCache(settings.cache), await caches.createCache(settings.cache)];
    answers.push(await caches.deleteCache(settings.cache), await caches.deleteCache(settings.cache));
    return answers.map(told);
  },

  /** Returns the inner token, as a browser's own back end would hand it out. */
  async mint(settings) {
    const auth = new AuthClient({ credentialProvider: credentials(settings, settings.token) });
    const scope = DisposableTokenScopes.topicPublishSubscribe(settings.cache, settings.topic);
    const made = await auth.generateDisposableToken(scope, ExpiresIn.minutes(5), { tokenId: 'browser' });
    return made.errorCode ? told(made) : JSON.parse(atob(made.authToken)).api_key;
  },
};
