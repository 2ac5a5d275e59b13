// The service worker: a page that says so when there is no connection, and nothing more. It keeps
// that page and what it is drawn with (KEPT, put above by the server); personal pages never.
const CACHE = 'offline';
const [OFFLINE, ...DRAWN_WITH] = KEPT;
const cutOff = new Set();  // pages that were given it; what others are drawn with passes us by

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
    event.respondWith(page(event).catch(() => instead(event.resultingClientId)));
  } else if (cutOff.has(event.clientId) && DRAWN_WITH.some(url => request.url.endsWith(url))) {
    event.respondWith(caches.match(request).then(kept => kept ?? fetch(request)));
  }
});

async function page(event) {
  return (await event.preloadResponse) ?? fetch(event.request);
}

function instead(client) {
  cutOff.add(client);
  return caches.match(OFFLINE);
}

async function renew() {
  const cache = await caches.open(CACHE);
  await cache.addAll(KEPT);
  const wanted = new Set(KEPT.map(url => new URL(url, location).href));
  for (const old of await cache.keys()) if (!wanted.has(old.url)) await cache.delete(old);
}
