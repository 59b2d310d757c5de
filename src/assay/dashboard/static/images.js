// Saves a figure as an image: buttons with data-image="png" or "svg" inside an element with data-figure.
"use strict";
(() => {
  const SCALE = 2; // pixels of a PNG for each of the figure's
  const HEAD = 68; // room for the title
  const signs = { "&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;" };

  // Plotly reads tags, entities and TeX in texts; names are to be taken as they are.
  const plain = (text) => text.replace(/[&<>$]/g, (sign) => signs[sign]);

  const words = (element) => (element?.textContent || "").replace(/\s+/g, " ").trim();

  const fileName = (texts, ending) => {
    const name = texts.join("-").replace(/[^A-Za-z0-9_]+/g, "-").replace(/^-|-$/g, "");
    return `${name.slice(0, 90) || "figure"}.${ending}`;
  };

  // The figure with its title, on the colour of the panel that it stands on.
  const titled = (plot, title, subtitle) => {
    const style = getComputedStyle(document.documentElement);
    const layout = JSON.parse(JSON.stringify(plot.layout));
    const margin = layout.margin || {};
    const height = (layout.height || plot.clientHeight) + HEAD;
    layout.margin = { ...margin, t: (margin.t || 0) + HEAD };
    layout.paper_bgcolor = style.getPropertyValue("--panel").trim() || "#ffffff";
    layout.title = {
      text: plain(title),
      subtitle: { text: plain(subtitle), font: { size: 11, color: style.getPropertyValue("--muted").trim() } },
      font: { size: 15 },
      x: 0, xref: "container", xanchor: "left", pad: { l: 14 },
      y: 1 - 18 / height, yref: "container", yanchor: "top", automargin: false,
    };
    layout.height = height;
    delete layout.width;
    return { data: plot.data, layout, width: Math.max(plot.clientWidth, 480), height };
  };

  const save = (name, address) => {
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    document.body.append(link);
    link.click();
    link.remove();
  };

  const image = async (figure, format) => {
    const plot = figure.querySelector(".js-plotly-plot");
    if (!plot) return;
    const title = words(figure.querySelector("h3"));
    const model = words(document.querySelector("h1"));
    const period = words(document.querySelector(".lead strong"));
    const { data, layout, width, height } = titled(plot, title, `${model} · ${period} UTC`);
    const made = await Plotly.toImage({ data, layout }, { format, width, height, scale: format === "png" ? SCALE : 1 });
    // An address of the browser's own: long ones of the kind data: are refused by some.
    const [head, body] = [made.slice(0, made.indexOf(",")), made.slice(made.indexOf(",") + 1)];
    const bytes = head.endsWith(";base64")
      ? Uint8Array.from(atob(body), (sign) => sign.charCodeAt(0))
      : new TextEncoder().encode(decodeURIComponent(body));
    const blob = URL.createObjectURL(new Blob([bytes], { type: format === "png" ? "image/png" : "image/svg+xml" }));
    const part = figure.querySelector("h3 bdi") ? figure.id.split("-").pop() : ""; // charts of one feature differ by it
    save(fileName([model.slice(0, 40), title.slice(0, 40), part, period], format), blob);
    setTimeout(() => URL.revokeObjectURL(blob), 10_000);
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-image]");
    const figure = button?.closest("[data-figure]");
    if (!figure) return;
    button.disabled = true;
    try {
      await image(figure, button.dataset.image);
    } catch {
      button.textContent = "Not possible here";
    } finally {
      button.disabled = false;
    }
  });
})();
