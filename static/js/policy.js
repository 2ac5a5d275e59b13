/* The notifications policy: after each step the keyboard goes on where the answer begins. */
(() => {
  'use strict';

  document.addEventListener('htmx:after:request', ({ detail: { ctx } }) => {
    if (ctx.request.method === 'GET' || !ctx.sourceElement.closest('#policy')) return;
    campana.afterSwap(ctx, () => campana.focus(document.querySelector('#policy [data-focus]')));
  });
})();
