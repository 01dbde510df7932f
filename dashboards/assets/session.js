// Runs first on every page: watches the connection, and leaves when the log-in is over.
(() => {
  "use strict";
  const SIGNED_OUT = 4401;
  const CHANGED = 4409;
  const RETRY_MS = 3000;
  const GIVE_UP_MS = 30000; // the page's own attempts to connect again have ended by then
  const sentence = document.currentScript.dataset.lost;
  let bar = null;
  let lostAt = null;
  let timer = null;
  let leaving = false;

  const toLogin = () => {
    leaving = true;
    const here = "/" + location.pathname.split("/").pop() + location.search;
    location.replace("./login?next=" + encodeURIComponent(here));
  };
  const reload = () => {
    leaving = true;
    location.reload();
  };
  const show = () => {
    if (bar || !document.body) return;
    bar = document.createElement("div");
    bar.setAttribute("role", "status");
    bar.textContent = sentence;
    bar.style.cssText =
      "position:fixed;inset:0 0 auto 0;z-index:99999;padding:4px 16px;text-align:center;" +
      "font:14px/20px system-ui,sans-serif;background:#7a4b00;color:#fff";
    document.body.append(bar);
    window.dispatchEvent(new CustomEvent("ecrm:lost"));
  };
  const hide = () => {
    clearTimeout(timer);
    lostAt = timer = null;
    if (bar) {
      bar.remove();
      bar = null;
      window.dispatchEvent(new CustomEvent("ecrm:back"));
    }
  };
  const check = async () => {
    if (leaving || lostAt === null) return;
    try {
      const answer = await fetch("./signed-in", { cache: "no-store", credentials: "same-origin" });
      if (answer.status === 401) return toLogin();
      if (answer.ok && lostAt !== null && Date.now() - lostAt > GIVE_UP_MS) return reload();
    } catch {
      // the network or the server is away: ask again
    }
    if (lostAt !== null) timer = setTimeout(check, RETRY_MS);
  };

  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...all) {
      super(...all);
      this.addEventListener("open", hide);
      this.addEventListener("close", (event) => {
        if (leaving) return;
        if (event.code === SIGNED_OUT) return toLogin();
        if (event.code === CHANGED) return reload();
        if (lostAt === null) {
          lostAt = Date.now();
          timer = setTimeout(() => {
            show();
            check();
          }, 500);
        }
      });
    }
  };
  addEventListener("beforeunload", () => {
    leaving = true;
  });
  // A page brought back from memory is one that nobody has checked: never show it.
  addEventListener("pagehide", () => {
    document.documentElement.style.visibility = "hidden";
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
    else document.documentElement.style.visibility = "";
  });
})();
