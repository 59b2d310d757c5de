// Draws the figures: fetched when they come into sight, drawn again in place when the data changes.
// Plotly takes longer to run than all else on a page together: it is loaded with the first figure's data, not before.
"use strict";
(() => {
  const config = { displayModeBar: false, responsive: true, displaylogo: false, showTips: false, doubleClick: false };
  const PANEL_PAUSE = 15000; // milliseconds between two readings of all features, which cost the server most
  const waiting = new WeakMap(); // figure -> the request under way
  const seen = new WeakSet();

  const library = document.currentScript.dataset.plotly;
  let loading = null;

  const plotly = () => (loading ??= new Promise((done, fail) => {
    const script = document.createElement("script");
    script.src = library;
    script.onload = () => done(Plotly);
    script.onerror = () => {
      loading = null;
      script.remove();
      fail(new Error("The program that draws figures could not be read."));
    };
    document.head.append(script);
  }));

  const address = (figure, more) => {
    const url = new URL(`${document.body.dataset.path}/figures/${figure.dataset.src}`, location.origin);
    url.searchParams.set("theme", assay.theme());
    for (const [key, value] of Object.entries(more || {})) url.searchParams.set(key, value);
    return url;
  };

  const ask = async (url, signal) => {
    const answer = await fetch(url, { signal }).catch((error) => {
      throw error.name === "AbortError" ? error : new Error("The server could not be reached.");
    });
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(body.detail || "The figure could not be read.");
    return body;
  };

  const show = (plot, message, again) => {
    if (plot.classList.contains("js-plotly-plot")) return; // an older figure is better than a message
    const box = document.createElement("div");
    box.className = "plot-error";
    assay.failed(box, message, again);
    plot.replaceChildren(box);
    plot.removeAttribute("role"); // an image would hide its button from screen readers
    plot.setAttribute("aria-label", message);
  };

  const draw = async (figure) => {
    waiting.get(figure)?.abort();
    const control = new AbortController();
    waiting.set(figure, control);
    const plot = figure.querySelector(".plot");
    try {
      const [made] = await Promise.all([ask(address(figure), control.signal), plotly()]);
      if (control.signal.aborted) return;
      if (!plot.classList.contains("js-plotly-plot")) plot.replaceChildren();
      plot.setAttribute("role", "img");
      const range = made.layout.xaxis?.range?.slice();
      brushable(made.layout);
      spaced(made, plot.clientWidth);
      await Plotly.react(plot, made.data, made.layout, config);
      watchClicks(plot, made.layout.meta?.keys);
      watchZoom(plot, { meta: made.layout.meta, xaxis: { range } });
      plot.setAttribute("aria-label", made.layout.meta?.alt || "");
      const note = made.layout.meta?.note === undefined ? null : figure.closest("section")?.querySelector("[data-note]");
      if (note) {
        note.textContent = made.layout.meta.note;
        note.hidden = !note.textContent;
      }
      figure.dataset.drawn = String(Number(figure.dataset.drawn || 0) + 1);
      const details = figure.querySelector("details.data");
      if (details.open) await tabulate(details);
    } catch (error) {
      if (error.name !== "AbortError") show(plot, error.message, () => draw(figure));
    }
  };

  // A text to be copied, with its button; the text is put in as text, whatever it holds.
  const snippet = (id, label, text) => {
    const box = document.createElement("div");
    box.className = "snippet";
    const head = document.createElement("div");
    head.className = "snippet-head";
    const name = document.createElement("span");
    name.textContent = label;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button small";
    button.dataset.copy = id;
    button.textContent = "Copy";
    button.setAttribute("aria-label", `Copy: ${label}`);
    const code = document.createElement("pre");
    code.id = id;
    code.tabIndex = 0;
    code.textContent = text;
    head.append(name, button);
    box.append(head, code);
    return box;
  };

  // What stands behind a figure: its numbers, and the calls that give them elsewhere.
  const tabulate = async (details) => {
    const figure = details.closest("[data-figure]");
    const file = address(figure);
    file.pathname = file.pathname.replace(/[.]json$/, ".csv");
    file.searchParams.delete("theme");
    details.querySelector("[data-csv]").href = file;
    const made = await ask(address(figure, { table: "1" })).catch(() => null);
    const meta = made?.layout.meta;
    if (!meta?.table) return;
    if (meta.api) {
      details.querySelector("[data-calls]").replaceChildren(
        snippet(`${figure.id}-api`, "API", meta.api),
        snippet(`${figure.id}-python`, "Python", meta.python),
      );
    }
    const data = meta.table;
    const table = document.createElement("table");
    table.createCaption().textContent = data.caption;
    const head = table.createTHead().insertRow();
    data.columns.forEach((name, place) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.className = place ? "num" : "";
      cell.textContent = name;
      head.append(cell);
    });
    const body = table.createTBody();
    for (const values of data.rows) {
      const row = body.insertRow();
      values.forEach((value, place) => {
        const cell = document.createElement(place ? "td" : "th");
        if (!place) cell.scope = "row";
        cell.className = place ? "num" : "";
        cell.textContent = value;
        row.append(cell);
      });
    }
    details.querySelector(".scroll").replaceChildren(table);
  };

  // Brush to zoom: a stretch drawn over a chart becomes the page's period, in whole windows.
  const fine = matchMedia("(pointer: fine)");
  const moment = (milliseconds) => new Date(milliseconds).toISOString().slice(0, 16);
  const utc = (text) => Date.parse(`${text.replace(" ", "T")}${text.length > 10 ? "" : "T00:00"}Z`);

  const brushable = (layout) => {
    if (!layout.meta?.windows || !fine.matches) return;
    layout.dragmode = "zoom";
    layout.xaxis.fixedrange = false;
  };

  // As many dates on an axis as there is room for: beside a map of drift stand names and colours.
  const spaced = (made, width) => {
    const axis = made.layout.xaxis;
    if (axis?.type !== "date") return;
    const beside = made.data.some((trace) => trace.type === "heatmap") ? 200 : 60;
    axis.nticks = Math.max(2, Math.min(axis.nticks || 5, Math.floor((width - beside) / 64)));
  };

  const zoom = (plot, change) => {
    const low = change["xaxis.range[0]"];
    const high = change["xaxis.range[1]"];
    const whole = plot.dataset.span?.split("|");
    if (low === undefined || !whole) return;
    const [begin, end] = [utc(whole[0]), utc(whole[1])];
    const step = (end - begin) / Number(whole[2]);
    const first = Math.max(0, Math.floor((utc(String(low)) - begin) / step));
    const last = Math.min(Number(whole[2]), Math.ceil((utc(String(high)) - begin) / step));
    const url = new URL(location.href);
    for (const name of ["period", "step", "page"]) url.searchParams.delete(name);
    url.searchParams.set("start", moment(begin + first * step));
    url.searchParams.set("end", moment(begin + Math.max(last, first + 1) * step));
    location.assign(url);
  };

  // A click on a row of the map of drift leads to its feature's page; so do the links of the table beside it.
  const watchClicks = (plot, keys) => {
    plot.keys = keys;
    if (!keys || plot.dataset.clicks) return;
    plot.dataset.clicks = "on";
    plot.on("plotly_click", (event) => {
      const key = plot.keys?.[event.points[0]?.y];
      if (key) location.assign(`${document.body.dataset.path}/features/${key}${location.search}`);
    });
  };

  const watchZoom = (plot, layout) => {
    if (!layout.meta?.windows) return;
    plot.dataset.span = [...layout.xaxis.range, layout.meta.windows].join("|");
    if (plot.dataset.brush) return;
    plot.dataset.brush = "on";
    plot.on("plotly_relayout", (change) => zoom(plot, change));
  };

  const idle = () => new Promise((done) => {
    const wait = () => (window.requestIdleCallback || setTimeout)(() => done());
    if (document.readyState === "complete") wait();
    else addEventListener("load", wait, { once: true });
  });

  // Figures that are seen come first, those just beyond the edge after them, once the page has nothing else to do.
  const sight = new IntersectionObserver(async (entries) => {
    const [seenNow, near] = [[], []];
    for (const { target, isIntersecting, boundingClientRect: box } of entries) {
      target.inSight = isIntersecting;
      if (isIntersecting && (!seen.has(target) || target.stale)) {
        seen.add(target);
        target.stale = false;
        (box.top < innerHeight && box.bottom > 0 ? seenNow : near).push(target);
      }
    }
    await Promise.all(seenNow.map(draw));
    if (!near.length) return;
    await idle();
    near.forEach(draw);
  }, { rootMargin: "300px" });

  const watch = (figure) => {
    sight.observe(figure);
    figure.querySelector("details.data").addEventListener("toggle", (event) => {
      if (event.target.open) tabulate(event.target);
    });
  };

  // Draws all figures again: those in sight now, the others when they come into sight.
  assay.refreshFigures = () => {
    for (const figure of document.querySelectorAll("[data-figure]")) {
      if (figure.inSight) draw(figure);
      else figure.stale = true;
    }
    for (const panel of document.querySelectorAll("[data-panel]")) {
      const wait = Math.max(0, (panel.filledAt || 0) + PANEL_PAUSE - Date.now());
      if (!panel.inSight) panel.stale = true;
      else if (!wait) fill(panel);
      else panel.timer ??= setTimeout(() => { panel.timer = undefined; fill(panel); }, wait);
    }
  };

  document.addEventListener("assay:theme", () => {
    for (const figure of document.querySelectorAll("[data-figure]")) {
      if (figure.inSight) draw(figure);
      else figure.stale = true;
    }
  });

  // The table of features has a page of its own; its panel is shown here once it is in sight. Its addresses
  // are relative to that page.
  const fill = async (panel) => {
    panel.filledAt = Date.now();
    const source = new URL(`${document.body.dataset.path}/${panel.dataset.panel}`, location.origin);
    const answer = await fetch(source).catch(() => null);
    if (!answer || !answer.ok) {
      panel.removeAttribute("aria-busy");
      if (!panel.dataset.filled) {
        const box = document.createElement("p");
        box.className = "pad";
        assay.failed(box, panel.dataset.failure || "The features could not be read.", () => fill(panel));
        panel.replaceChildren(box);
      }
      return;
    }
    const made = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(panel.id);
    for (const link of made.querySelectorAll("a[href]")) link.href = new URL(link.getAttribute("href"), source);
    for (const form of made.querySelectorAll("form")) form.action = new URL(form.getAttribute("action"), source);
    const sought = panel.querySelector("input[type=search]")?.value;
    const focus = panel.contains(document.activeElement) ? document.activeElement.textContent : null;
    assay.keepLines(panel, made); // older lines stay until the new ones are read
    panel.replaceChildren(...made.childNodes);
    assay.fillLines();
    if (sought) panel.querySelector("input[type=search]").value = sought;
    if (focus !== null) [...panel.querySelectorAll("a, button, input")].find((item) => item.textContent === focus)?.focus();
    panel.removeAttribute("aria-busy");
    panel.classList.remove("lazy");
    panel.dataset.filled = "yes";
  };

  const panels = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      target.inSight = isIntersecting;
      if (isIntersecting && (!target.dataset.filled || target.stale)) {
        target.stale = false;
        fill(target);
      }
    }
  }, { rootMargin: "300px" });

  document.addEventListener("DOMContentLoaded", () => {
    for (const figure of document.querySelectorAll("[data-figure]")) watch(figure);
    for (const panel of document.querySelectorAll("[data-panel]")) panels.observe(panel);
  });
})();
