// Draws the report's figures: unpacks the library, follows the system's theme, fits the paper when printed.
"use strict";
(() => {
  const config = { displayModeBar: false, responsive: true, displaylogo: false, showTips: false, doubleClick: false };
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const figures = () => document.querySelectorAll("[data-figure]");
  let charts = {};

  // Large texts are packed: compressed, and written in letters that mean nothing in HTML.
  const unpack = async (id) => {
    const packed = Uint8Array.from(atob(document.getElementById(id).textContent), (sign) => sign.charCodeAt(0));
    return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  };

  const run = (text) => {
    const script = document.createElement("script");
    script.textContent = text; // the policy lets exactly the library run
    document.head.append(script);
  };

  const chart = (figure, theme) => {
    const { figure: light, dark: changes } = charts[figure.dataset.figure];
    const made = JSON.parse(JSON.stringify(light));
    if (theme === "dark") {
      for (const [path, value] of changes) {
        const last = path[path.length - 1];
        path.slice(0, -1).reduce((part, key) => part[key], made)[last] = value;
      }
    }
    return made;
  };

  const draw = (figure, theme) => {
    const plot = figure.querySelector(".plot");
    const made = chart(figure, theme);
    if (!plot.classList.contains("js-plotly-plot")) plot.replaceChildren();
    made.layout.width = plot.clientWidth;
    Plotly.react(plot, made.data, made.layout, config);
    figure.dataset.drawn = theme;
    for (const button of figure.querySelectorAll("button[data-image]")) button.hidden = false;
  };

  const theme = () => (dark.matches && root.dataset.theme !== "light" ? "dark" : "light");
  const redraw = () => {
    for (const figure of figures()) if (figure.dataset.drawn) draw(figure, theme());
  };

  // Paper is light and narrow, whatever the screen is.
  addEventListener("beforeprint", () => {
    root.dataset.theme = "light";
    root.dataset.paper = "";
    redraw();
  });
  addEventListener("afterprint", () => {
    delete root.dataset.theme;
    delete root.dataset.paper;
    redraw();
  });
  dark.addEventListener("change", redraw);
  let waiting = 0;
  addEventListener("resize", () => {
    cancelAnimationFrame(waiting);
    if (!("paper" in root.dataset)) waiting = requestAnimationFrame(redraw);
  });

  document.addEventListener("DOMContentLoaded", async () => {
    try {
      charts = JSON.parse(await unpack("figures"));
      run(await unpack("library"));
      for (const figure of figures()) {
        draw(figure, theme());
        await new Promise((resolve) => setTimeout(resolve));
      }
    } catch {
      for (const note of document.querySelectorAll(".plot-alt")) {
        note.append(" (This browser cannot draw the chart; its data is below.)");
      }
    }
    root.dataset.ready = "";
  });
})();
