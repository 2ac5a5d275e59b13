// The service worker: a page that says so when there is no connection, and nothing more. It keeps
// that page and what it is drawn with (KEPT, put above by the server); personal pages never.
const CACHE = 'offline';
const [OFFLINE, ...DRAWN_WITH] = KEPT;

addEventListener('install', event => {
  event.waitUntil(renew().then(() => skipWaiting()));
});

addEventListener('activate', event => {
  // The request sets out while the worker still starts: it must not slow pages down.
  event.waitUntil(Promise.all([registration.navigationPreload?.enable(), clients.claim()]));
});

addEventListener('fetch', event => {
  const { request } = event;
  if (request.mode === 'navigate' && request.method === 'GET') {
    event.respondWith(page(event).catch(() => caches.match(OFFLINE)));
  } else if (DRAWN_WITH.some(url => request.url.endsWith(url))) {
    event.respondWith(fetch(request).catch(() => caches.match(request)));
  }
});

async function page(event) {
  return (await event.preloadResponse) ?? fetch(event.request);
}

async function renew() {
  const cache = await caches.open(CACHE);
  await cache.addAll(KEPT);
  const wanted = new Set(KEPT.map(url => new URL(url, location).href));
  for (const old of await cache.keys()) if (!wanted.has(old.url)) await cache.delete(old);
}
