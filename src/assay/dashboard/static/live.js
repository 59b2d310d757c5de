// Live updates: the server says when the data has changed, and the page renews what changed in place.
"use strict";
(() => {
  // At least so long between two refreshes, in milliseconds.
  const pause = () => Number(document.querySelector("[data-pause]")?.dataset.pause || 2500);
  let known = null;
  let last = 0;
  let timer = null;

  const state = (name, text) => {
    const live = document.getElementById("live");
    if (!live) return;
    live.dataset.state = name;
    live.querySelector("[data-live-text]").textContent = text;
  };

  const renew = (old, made) => {
    if (old.innerHTML === made.innerHTML) return;
    const open = [...old.querySelectorAll("details[open]")].map((item) => item.id);
    const focus = old.contains(document.activeElement) ? document.activeElement.textContent : null;
    assay.keepLines(old, made); // older lines stay until the new ones are read
    old.replaceChildren(...made.childNodes);
    for (const id of open) if (id) document.getElementById(id)?.setAttribute("open", "");
    if (old.hasAttribute("data-sortable") && assay.sorted.has(old.id)) {
      const [place, direction] = assay.sorted.get(old.id);
      for (const head of old.tHead.rows[0].cells) head.removeAttribute("aria-sort");
      old.tHead.rows[0].cells[place].setAttribute("aria-sort", direction);
      assay.sort(old);
    }
    if (focus) [...old.querySelectorAll("button, a")].find((item) => item.textContent === focus)?.focus();
  };

  const refresh = async () => {
    timer = null;
    last = Date.now();
    const answer = await fetch(location.href).catch(() => null);
    if (!answer || !answer.ok) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    const olds = [...document.querySelectorAll("[data-live]")];
    const shape = (root) => [...root.querySelectorAll("[data-live]:not(#features-panel), [data-figure]")].map((item) => item.id + item.tagName).join();
    if (shape(document) !== shape(made)) { // sections came or went, such as with the first labels
      location.reload();
      return;
    }
    for (const old of olds) {
      const other = made.getElementById(old.id);
      if (other) renew(old, other);
    }
    for (const figure of made.querySelectorAll("[data-figure]")) {
      const mine = document.getElementById(figure.id);
      if (mine) mine.dataset.src = figure.dataset.src;
    }
    assay.ages();
    assay.fillRows();
    assay.fillLines();
    if (assay.refreshFigures) assay.refreshFigures();
    document.body.dataset.refreshed = String(Number(document.body.dataset.refreshed || 0) + 1);
  };

  const changed = () => {
    if (document.hidden || timer !== null) return;
    timer = setTimeout(refresh, Math.max(0, pause() - (Date.now() - last)));
  };

  const connect = () => {
    const source = new EventSource(`${document.body.dataset.path}/events`);
    source.addEventListener("revision", (event) => {
      const same = (known ?? document.body.dataset.revision) === event.data;
      known = event.data;
      state("on", "Live");
      if (same) return;
      state("new", "Live");
      changed();
    });
    source.addEventListener("trouble", (event) => state("off", event.data));
    source.addEventListener("error", () => state("off", "Reconnecting"));
    document.addEventListener("visibilitychange", () => { if (!document.hidden && known !== null) changed(); });
    addEventListener("pagehide", () => source.close());
  };

  document.addEventListener("DOMContentLoaded", () => {
    if (document.body.dataset.revision) connect();
  });
})();
