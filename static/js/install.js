// Brings the service worker, when the page has all it needs.
addEventListener('load', () => navigator.serviceWorker?.register('/sw.js'));
