// Starts the app, and says in plain words why it could not. A file of its own because the page allows no inline script;
// trunk writes the addresses of the app's two files into the script element (see pattern_script in Trunk.toml).

const tag = document.querySelector('script[data-wasm]');

// Shows the reason on the page that is there without the app: a heading, what happened, what to do, and the detail that
// helps whoever is asked for help. The texts go in as text, never as markup.
function explain(what, todo, detail) {
  const place = document.getElementById('app') ?? document.body;
  const section = document.createElement('section');
  section.id = 'boot';
  section.setAttribute('role', 'alert');
  const add = (name, text) => {
    const element = document.createElement(name);
    element.textContent = text;
    section.append(element);
    return element;
  };
  add('h1', 'Offset Zero could not start');
  add('p', what);
  add('p', todo);
  if (detail) add('pre', detail);
  const again = add('button', 'Try again');
  again.type = 'button';
  again.addEventListener('click', () => location.reload());
  place.replaceChildren(section);
  again.focus();
}

async function start() {
  if (typeof WebAssembly !== 'object' || typeof WebAssembly.instantiate !== 'function') {
    explain(
      'The Kafka cluster of this page runs as WebAssembly, and this browser has none or it is switched off.',
      'Open the page in a current Firefox, Chrome, Edge or Safari, or allow WebAssembly in the security settings (lockdown and enhanced security modes turn it off).',
    );
    return;
  }
  let init;
  try {
    ({ default: init } = await import(tag.dataset.js));
  } catch (error) {
    downloadFailed(error);
    return;
  }
  let response;
  try {
    response = await fetch(tag.dataset.wasm);
    if (!response.ok) throw new Error(`${tag.dataset.wasm}: ${response.status} ${response.statusText}`);
  } catch (error) {
    downloadFailed(error);
    return;
  }
  try {
    await init({ module_or_path: response });
  } catch (error) {
    explain(
      'The app was downloaded, but it could not be started.',
      'Try again. If it stays like this, the site may have been updated while you were loading it, or this browser is too old.',
      String(error),
    );
    throw error;
  }
}

function downloadFailed(error) {
  explain(
    'A part of the app could not be downloaded.',
    'Check the connection and try again. Nothing you did on this page before is lost.',
    String(error),
  );
}

// The app must be able to end an engine that hangs, so every worker the page starts is kept where the app finds it.
const NativeWorker = globalThis.Worker;
globalThis.ozWorkers = [];
globalThis.Worker = class extends NativeWorker {
  constructor(...of) {
    super(...of);
    globalThis.ozWorkers.push(this);
  }
};

// The engine's file has no name of its version, so what the server says of it stands for it.
async function engine() {
  try {
    const { headers } = await fetch('worker_bg.wasm', { method: 'HEAD', cache: 'no-cache' });
    return ['etag', 'last-modified', 'content-length'].map(name => headers.get(name)).join();
  } catch {
    return null;
  }
}

// A page left open over an update says so once, and goes on: what it asks for later may be of the newer version. Reloading
// loses nothing, because the session is kept.
async function lookForUpdate() {
  if (document.visibilityState !== 'visible' || document.getElementById('update')) return;
  const own = tag.dataset.js;
  let index;
  try {
    index = await (await fetch('./', { cache: 'no-cache' })).text();
  } catch {
    return;
  }
  if (!index.includes('data-js')) return;
  if (index.includes(own)) {
    const now = await engine();
    if (!now || !ownEngine || now === ownEngine) return;
  }
  if (document.getElementById('update')) return;
  const bar = document.createElement('div');
  bar.id = 'update';
  bar.setAttribute('role', 'status');
  bar.append('A newer version of this page is there. ');
  const reload = document.createElement('button');
  reload.type = 'button';
  reload.textContent = 'Reload';
  reload.addEventListener('click', () => location.reload());
  bar.append(reload);
  document.body.append(bar);
}

await start();

const ownEngine = await engine();
document.addEventListener('visibilitychange', lookForUpdate);

// The page is put by for when there is no network. It works without this, too: a browser may forbid it.
navigator.serviceWorker
  ?.register('sw.js')
  .then(() => navigator.serviceWorker.ready)
  .then(() => {
    document.documentElement.dataset.offline = 'ready';
  })
  .catch(() => {});
