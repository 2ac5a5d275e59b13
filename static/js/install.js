// Brings the service worker, when the page has all it needs; where that fails, the next page tries again.
addEventListener('load', () => navigator.serviceWorker?.register('/sw.js').catch(() => {}));
