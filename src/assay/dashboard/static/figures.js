// Draws the figures: fetched when they come into sight, drawn again in place when the data changes.
"use strict";
(() => {
  const config = { displayModeBar: false, responsive: true, displaylogo: false, showTips: false, doubleClick: false };
  const waiting = new WeakMap(); // figure -> the request under way
  const seen = new WeakSet();

  const address = (figure, more) => {
    const url = new URL(`${document.body.dataset.path}/figures/${figure.dataset.src}`, location.origin);
    url.searchParams.set("theme", assay.theme());
    for (const [key, value] of Object.entries(more || {})) url.searchParams.set(key, value);
    return url;
  };

  const ask = async (url, signal) => {
    const answer = await fetch(url, { signal });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.detail || "The figure could not be read.");
    return body;
  };

  const show = (plot, message) => {
    if (plot.classList.contains("js-plotly-plot")) return; // an older figure is better than a message
    const box = document.createElement("p");
    box.className = "plot-error";
    box.textContent = message;
    plot.replaceChildren(box);
    plot.setAttribute("aria-label", message);
  };

  const draw = async (figure) => {
    waiting.get(figure)?.abort();
    const control = new AbortController();
    waiting.set(figure, control);
    const plot = figure.querySelector(".plot");
    try {
      const made = await ask(address(figure), control.signal);
      if (control.signal.aborted) return;
      if (!plot.classList.contains("js-plotly-plot")) plot.replaceChildren();
      await Plotly.react(plot, made.data, made.layout, config);
      plot.setAttribute("aria-label", made.layout.meta?.alt || "");
      figure.dataset.drawn = String(Number(figure.dataset.drawn || 0) + 1);
      const details = figure.querySelector("details.data");
      if (details.open) await tabulate(details);
    } catch (error) {
      if (error.name !== "AbortError") show(plot, error.message);
    }
  };

  const tabulate = async (details) => {
    const figure = details.closest("[data-figure]");
    const made = await ask(address(figure, { table: "1" })).catch(() => null);
    const data = made?.layout.meta?.table;
    if (!data) return;
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

  const sight = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      const figure = entry.target;
      figure.inSight = entry.isIntersecting;
      if (entry.isIntersecting && (!seen.has(figure) || figure.stale)) {
        seen.add(figure);
        figure.stale = false;
        draw(figure);
      }
    }
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
  };

  document.addEventListener("assay:theme", () => assay.refreshFigures());

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-feature]");
    if (!button || !button.dataset.feature) return;
    const place = document.getElementById("feature-detail");
    const figure = document.getElementById("fig-drift").cloneNode(true);
    figure.id = "fig-feature";
    figure.dataset.src = button.dataset.feature;
    delete figure.dataset.drawn;
    figure.querySelector("h3").textContent = button.textContent;
    figure.querySelector(".note").textContent = "Drift of this feature by window";
    const plot = document.createElement("div");
    plot.className = "plot";
    plot.setAttribute("role", "img");
    figure.querySelector(".plot").replaceWith(plot);
    figure.querySelector("details.data").open = false;
    figure.querySelector(".scroll").replaceChildren();
    place.replaceChildren(figure);
    watch(figure);
    figure.scrollIntoView({ block: "nearest", behavior: "smooth" });
  });

  document.addEventListener("DOMContentLoaded", () => {
    for (const figure of document.querySelectorAll("[data-figure]")) watch(figure);
  });
})();
