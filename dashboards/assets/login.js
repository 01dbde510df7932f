// A log-in link signs in by itself in a browser that somebody is looking at: programs that only
// fetch a link to preview it run no script, and a page made ready ahead of time waits to be shown.
(() => {
  "use strict";
  const form = document.querySelector("form[data-once]");
  const send = () => form.requestSubmit();
  if (!form) return;
  if (document.prerendering) document.addEventListener("prerenderingchange", send, { once: true });
  else send();
})();
