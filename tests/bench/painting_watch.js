// In every document of a measured visit: what was painted when, and for how long nothing could be pressed.
globalThis.paintingWatch = (() => {
  const ROW = 'input[name="selected"]';
  const LONG_MS = 50;
  const tasks = [];
  let paint = 0;
  let rows = 0;

  const observe = (type, take) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
  observe("largest-contentful-paint", (entry) => {
    paint = entry.startTime;
  });
  // What the portal's own page does in the same process is not ours.
  observe("longtask", (entry) => {
    if (entry.name !== "cross-origin-ancestor") tasks.push(entry);
  });

  // The frame after the next one begins when what is in the document now has been painted.
  const painted = (then) => requestAnimationFrame(() => requestAnimationFrame(() => then(performance.now())));

  const changes = new MutationObserver(() => {
    if (!document.querySelector(ROW)) return;
    changes.disconnect();
    painted((moment) => {
      rows = moment;
    });
  });
  changes.observe(document, { childList: true, subtree: true });

  // As Lighthouse counts: of each task after the first paint what is beyond 50 ms.
  const blocked = (since) =>
    tasks
      .filter((task) => task.startTime >= since)
      .reduce((sum, task) => sum + Math.max(0, task.duration - LONG_MS), 0);

  const received = (since) =>
    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
      .filter((entry) => entry.startTime >= since)
      .reduce((sum, entry) => sum + entry.transferSize, 0);

  const told = () => {
    const first = performance.getEntriesByName("first-contentful-paint")[0];
    return { paint, rows, blocked: blocked(first?.startTime ?? 0), received: received(0) };
  };

  const press = (selector) =>
    new Promise((done) => {
      const before = document.querySelector(ROW);
      const begun = performance.now();
      const arrival = new MutationObserver(() => {
        if (before.isConnected || !document.querySelector(ROW)) return;
        arrival.disconnect();
        painted((moment) =>
          setTimeout(() => done({ rows: moment - begun, blocked: blocked(begun), received: received(begun) }), 1000),
        );
      });
      arrival.observe(document, { childList: true, subtree: true });
      document.querySelector(selector).click();
    });

  return { told, press };
})();
