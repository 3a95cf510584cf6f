// A topic as Server-Sent Events from the router, by fetch: the token goes into a header and so into no log or history.

const FIRST_WAIT_MILLISECONDS = 500;
const LONGEST_WAIT_MILLISECONDS = 15000;

/** Why no token is given, whenever it is asked for again. */
export class Refused extends Error {}

/** The address of a topic. All that follows the cache's name is the topic's, slashes included. */
export function topicUrl(base, cache, topic) {
  return `${base}/topics/${encodeURIComponent(cache)}/${topic.split('/').map(encodeURIComponent).join('/')}`;
}

/** Split a stream of text into events: `{type, data, id}`. */
export async function* parsed(texts) {
  let waiting = '';
  for await (const text of texts) {
    const blocks = (waiting + text).split('\n\n');
    waiting = blocks.pop();
    for (const block of blocks) {
      const event = { type: 'message', data: '', id: '' };
      for (const line of block.split('\n')) {
        const colon = line.indexOf(':');
        const value = line.slice(colon + 1).trimStart();
        if (line.startsWith('event:')) event.type = value;
        else if (line.startsWith('data:')) event.data += value;
        else if (line.startsWith('id:')) event.id = value;
      }
      if (event.data) yield event;
    }
  }
}

async function* textsOf(body) {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      yield decoder.decode(read.value, { stream: true });
    }
  } finally {
    reader.cancel().catch(() => {}); // it may be gone already, with the connection
  }
}

/**
 * Listens to a topic until it is closed. Comes back by itself and goes on after the last item it saw.
 *
 * `hears` has `state(word)`, `failed(message)`, and what takes each type of event: `item(body)`, `discontinuity(body)`; `token(anew)` gives the token,
 * a new one where `anew` is true, or throws `Refused`.
 */
export class Listener {
  constructor(url, token, hears) {
    this.url = url;
    this.token = token;
    this.hears = hears;
    this.lastId = '';
    this.abort = null;
  }

  /** Begin, at a sequence number where one is given; else where it stopped, or with the newest item. */
  async open(number = 0) {
    this.close();
    const abort = new AbortController();
    this.abort = abort;
    if (number) this.lastId = '';
    let wait = FIRST_WAIT_MILLISECONDS;
    let anew = false;
    while (!abort.signal.aborted) {
      const outcome = await this.#once(abort.signal, this.lastId ? 0 : number, anew);
      if (abort.signal.aborted || outcome === 'failed') return;
      anew = outcome === 'unauthenticated';
      wait = outcome === 'ended' ? FIRST_WAIT_MILLISECONDS : Math.min(2 * wait, LONGEST_WAIT_MILLISECONDS);
      this.hears.state('reconnecting');
      await new Promise(resolve => setTimeout(resolve, wait));
    }
  }

  /** Stop; `open` goes on from here. */
  close() {
    this.abort?.abort();
    this.abort = null;
  }

  async #once(signal, number, anew) {
    try {
      const headers = { Authorization: await this.token(anew), Accept: 'text/event-stream' };
      if (this.lastId) headers['Last-Event-ID'] = this.lastId;
      const query = number ? `?sequence_number=${number}` : '';
      const response = await fetch(this.url + query, { headers, signal, cache: 'no-store' });
      if (!response.ok) return this.#refused(await response.json().catch(() => ({})), response.status, anew);
      this.hears.state('live');
      for await (const event of parsed(textsOf(response.body))) {
        if (event.id) this.lastId = event.id;
        const body = JSON.parse(event.data);
        if (event.type === 'error') return this.#refused(body, 0, false);
        this.hears[event.type]?.(body[event.type] ?? body);
      }
      return 'ended';
    } catch (reason) {
      if (!(reason instanceof Refused)) return 'unreachable';
      if (!signal.aborted) this.hears.failed(reason.message);
      return 'failed';
    }
  }

  #refused({ code, message }, status, anew) {
    if ((code === 'unauthenticated' || status === 401) && !anew) return 'unauthenticated';
    if (status >= 500 || status === 429) return 'unreachable';
    this.hears.failed(message ?? `the router answered ${status}`);
    return 'failed';
  }
}
