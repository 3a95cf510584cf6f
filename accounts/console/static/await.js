// Watches one topic and says when its first message has arrived.

import { Listener, topicUrl } from './events.js';
import { pageToken } from './page_token.js';
import { shown } from './values.js';

const box = document.getElementById('await');
const say = box.querySelector('[data-say]');

let { token } = box.dataset;

function state(name, text) {
  box.dataset.state = name;
  say.textContent = text;
}

const listener = new Listener(
  topicUrl(box.dataset.url, box.dataset.cache, box.dataset.topic),
  async anew => {
    if (anew) ({ token } = await pageToken(box.dataset.cache, 'viewer'));
    return token;
  },
  {
    item(item) {
      listener.close();
      const time = new Date().toLocaleTimeString();
      state('received', `First message received, at ${time}: ${shown(item.value).text} (number ${item.topic_sequence_number})`);
    },
    discontinuity() {},
    state(word) {
      if (box.dataset.state !== 'received') {
        state('waiting', word === 'live' ? 'Listening. Run the program, and its message appears here.' : 'Connecting to the router…');
      }
    },
    failed(message) {
      state('failed', `This page cannot listen: ${message}`);
    },
  },
);

state('waiting', 'Connecting to the router…');
listener.open();
