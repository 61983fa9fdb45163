// Keeps the page for when there is no network. What the network has is always newer and always preferred, so a page never
// mixes files of two versions; every file it gives is put by, and given again when the network is gone.

const KEPT = 'oz-page';

// Everything the page may ask for: what its index names, the worker's three files, the lessons.
async function everything() {
  const text = async path => (await fetch(path, { cache: 'no-cache' })).text();
  const index = await text('./');
  const named = [...index.matchAll(/(?:href|src|data-js|data-wasm)=["']?([^"'\s>]+)/g)].map(found => found[1]);
  const styles = await Promise.all(named.filter(path => path.endsWith('.css')).map(text));
  const fonts = styles.flatMap(style => [...style.matchAll(/url\(["']?([^"')]+\.woff2)/g)].map(found => found[1]));
  const beside = ['./', 'boot.js', 'not-real.json', 'worker_loader.js', 'worker.js', 'worker_bg.wasm'];
  const lessons = JSON.parse(await text('lessons/index.json')).map(({ file }) => `lessons/${file}`);
  const own = path => new URL(path, self.registration.scope);
  return [...new Set([...named, ...fonts, ...beside, ...lessons].map(path => own(path).href))].filter(href => href.startsWith(self.registration.scope));
}

self.addEventListener('install', event => {
  const keep = async () => {
    const cache = await caches.open(KEPT);
    await cache.addAll(await everything());
    await self.skipWaiting();
  };
  event.waitUntil(keep());
});

self.addEventListener('activate', event => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', event => {
  const { request } = event;
  if (!['GET', 'HEAD'].includes(request.method) || !request.url.startsWith(self.registration.scope)) return;
  const answer = async () => {
    // The address may carry a session; the page itself is one file.
    const key = request.mode === 'navigate' ? self.registration.scope : request.url;
    try {
      const response = await fetch(request);
      if (response.ok && request.method === 'GET') {
        const copy = response.clone();
        event.waitUntil(caches.open(KEPT).then(cache => cache.put(key, copy)));
      }
      return response;
    } catch (error) {
      const kept = await caches.match(key);
      if (kept) return kept;
      throw error;
    }
  };
  event.respondWith(answer());
});
