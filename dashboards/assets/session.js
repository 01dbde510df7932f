// Runs first on every page: watches the connection, and leaves when the log-in is over.
(() => {
  "use strict";
  const SIGNED_OUT = 4401;
  const CHANGED = 4409;
  const PROTOCOL_ERROR = 1002;
  const RETRY_MS = 3000;
  const GIVE_UP_MS = 30000; // Bokeh's own attempts to connect again have ended by then
  const PUSHES = 3; // attempts of ours after that, before the page is loaded anew
  const sentence = document.currentScript.dataset.lost;
  let bar = null;
  let lostAt = null;
  let timer = null;
  let leaving = false;
  let heard = null;
  let connect = null;
  let pushed = 0;

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
    pushed = 0;
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
      if (answer.ok && lostAt !== null && Date.now() - lostAt > GIVE_UP_MS) {
        if (!connect || pushed === PUSHES) return reload();
        pushed += 1;
        connect();
      }
    } catch {
      // the network or the server is away: ask again
    }
    if (lostAt !== null) timer = setTimeout(check, RETRY_MS);
  };

  // Bokeh tells of a lost connection with the means to connect again, which it has nowhere else.
  const hear = () => {
    const page = window.Bokeh?.documents?.[0];
    if (!page || page === heard) return;
    heard = page;
    page.on_event("connection_lost", (_, event) => {
      connect = () => event.reconnect();
    });
  };

  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...all) {
      super(...all);
      // Open is not back: the page is drawn anew from the second message, and each comes in three parts.
      let parts = 0;
      this.addEventListener("message", () => {
        parts += 1;
        if (parts === 6 && lostAt !== null) setTimeout(hide);
      });
      this.addEventListener("close", (event) => {
        if (leaving) return;
        hear();
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

    // Cut within a message, Bokeh takes the next connection's first part for the rest of it, and closes
    // with a code that browsers refuse: it would stay cut for ever.
    close(code, reason) {
      if (code === PROTOCOL_ERROR) reload();
      else super.close(...(code === undefined ? [] : [code, reason]));
    }
  };
  // A telephone link asks to leave as well, and the page stays: then it is not leaving after all.
  addEventListener("beforeunload", () => {
    leaving = true;
    setTimeout(() => {
      leaving = false;
    }, 2000);
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
