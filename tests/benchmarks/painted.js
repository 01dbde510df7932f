// Tells when the browser has painted what was asked for. `wanted`: `seen` texts, `gone` texts, `there` a selector.
window.bench = (() => {
  const PATIENCE = 15000;

  /** Every shadow root that is on show: all of our parts live in one. */
  const roots = () => {
    const found = [document];
    for (const root of found) {
      for (const element of root.querySelectorAll("*")) {
        if (element.shadowRoot && element.checkVisibility()) found.push(element.shadowRoot);
      }
    }
    return found.slice(1);
  };

  const holds = ({ seen = [], gone = [], there }) => {
    const shown = roots();
    if (there && !shown.some((root) => [...root.querySelectorAll(there)].some((element) => element.checkVisibility()))) return false;
    const text = shown.map((root) => root.textContent).join("\n");
    return seen.every((each) => text.includes(each)) && !gone.some((each) => text.includes(each));
  };

  /** Milliseconds from the first trusted event of these types (without types: from the page's beginning). */
  const until = (wanted, types = []) =>
    new Promise((resolve, reject) => {
      let start = types.length ? null : 0;
      const began = performance.now();
      const begin = (event) => {
        if (event.isTrusted) start ??= event.timeStamp;
      };
      for (const type of types) addEventListener(type, begin, true);
      const end = (settle, value) => {
        for (const type of types) removeEventListener(type, begin, true);
        settle(value);
      };
      // Asked before each frame is painted; by the next one it has been.
      const look = () => {
        if (start !== null && document.body && holds(wanted)) requestAnimationFrame(() => end(resolve, performance.now() - start));
        else if (performance.now() - began > PATIENCE) end(reject, new Error(`not painted: ${JSON.stringify(wanted)}`));
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });

  const goTo = async (url, wanted) => {
    const start = performance.now();
    document.dispatchEvent(new CustomEvent("ecrm:go", { detail: { url } }));
    return (await until(wanted)) - start;
  };

  return { until, goTo };
})();
