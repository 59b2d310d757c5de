// Controls that every page has: theme, copying, choices that apply at once, sortable tables, ages of times.
"use strict";
const assay = (window.assay = {});

assay.theme = () => {
  const chosen = document.documentElement.dataset.theme;
  if (chosen) return chosen;
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
};

assay.ages = (root = document) => {
  const units = [[31536e6, "year"], [2592e6, "month"], [864e5, "day"], [36e5, "hour"], [6e4, "minute"]];
  for (const time of root.querySelectorAll("time[data-ago]")) {
    const age = Date.now() - Date.parse(time.dateTime);
    if (Number.isNaN(age)) continue;
    const found = units.find(([size]) => age >= size);
    const text = !found ? "just now" : `${Math.floor(age / found[0])} ${found[1]}${age >= 2 * found[0] ? "s" : ""} ago`;
    if (!time.title) time.title = `${time.textContent} UTC`;
    time.textContent = age > 30 * 864e5 ? time.title.replace(/, \d\d:\d\d UTC$/, "") : text;
  }
};

assay.sort = (table) => {
  const heads = [...table.tHead.rows[0].cells];
  const place = heads.findIndex((head) => head.hasAttribute("aria-sort"));
  if (place < 0) return;
  const up = heads[place].getAttribute("aria-sort") === "ascending" ? 1 : -1;
  const key = (row) => {
    const cell = row.cells[place];
    return cell.dataset.value === undefined ? cell.textContent : Math.abs(Number(cell.dataset.value));
  };
  const rows = [...table.tBodies[0].rows].filter((row) => row.cells.length === heads.length);
  rows.sort((a, b) => {
    const [x, y] = [key(a), key(b)];
    return up * (typeof x === "number" ? x - y : x.localeCompare(y));
  });
  table.tBodies[0].append(...rows);
};

// The order that a person chose, to be kept when the table is renewed: table id to [column, direction].
assay.sorted = new Map();

document.addEventListener("click", async (event) => {
  const target = event.target.closest("button");
  if (!target) return;
  if (target.hasAttribute("data-theme-toggle")) {
    const next = assay.theme() === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("assay-theme", next); } catch { /* storage is off: for this page only */ }
    document.dispatchEvent(new CustomEvent("assay:theme"));
  } else if (target.dataset.copy) {
    const text = document.getElementById(target.dataset.copy).textContent;
    try {
      await navigator.clipboard.writeText(text);
      target.textContent = "Copied";
    } catch {
      target.textContent = "Select and copy by hand";
    }
    setTimeout(() => { target.textContent = "Copy"; }, 1800);
  } else if (target.closest("table[data-sortable] thead")) {
    const table = target.closest("table");
    const head = target.closest("th");
    const down = head.getAttribute("aria-sort") === "descending";
    const next = down || (!head.hasAttribute("aria-sort") && !head.classList.contains("num")) ? "ascending" : "descending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", next);
    assay.sorted.set(table.id, [head.cellIndex, next]);
    assay.sort(table);
  }
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form.controls");
  if (!form || event.target.type === "search") return;
  for (const field of form.elements) if (field.name && !field.value) field.disabled = true; // no empty parameters
  form.requestSubmit();
});
addEventListener("pageshow", () => {
  for (const field of document.querySelectorAll("form.controls [name]")) field.disabled = false;
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  if (!document.documentElement.dataset.theme) document.dispatchEvent(new CustomEvent("assay:theme"));
});

document.addEventListener("DOMContentLoaded", () => {
  assay.ages();
  setInterval(assay.ages, 30000);
  assay.fillRows();
  assay.fillLines();
});

// What could not be read is said where it would stand, with a button that asks again.
assay.failed = (place, message, again) => {
  const box = document.createElement("span");
  box.className = "failed";
  box.setAttribute("role", "status");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small";
  button.textContent = "Try again";
  button.addEventListener("click", () => { box.remove(); again(); });
  box.append(message, " ", button);
  place.querySelector(":scope > .failed")?.remove();
  place.append(box);
};

// Lines that the server had no time for are fetched one after the other.
assay.fillRows = async () => {
  for (const row of document.querySelectorAll("tr[data-row-src]")) {
    if (row.dataset.filling) continue;
    row.dataset.filling = "yes";
    const answer = await fetch(row.dataset.rowSrc).catch(() => null);
    if (answer && answer.ok) {
      assay.fillRow(row, await answer.text());
    } else {
      const cell = row.cells[row.cells.length - 1];
      cell.replaceChildren();
      assay.failed(cell, "This model could not be read.", () => { delete row.dataset.filling; assay.fillRows(); });
    }
  }
};

// The lines in a table of features are fetched together, after the table.
assay.fillLines = async () => {
  const table = document.querySelector("table[data-lines-src]:not([data-filling])");
  if (!table) return;
  table.dataset.filling = "yes";
  const answer = await fetch(`${document.body.dataset.path}/${table.dataset.linesSrc}`).catch(() => null);
  if (answer && answer.ok) {
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    assay.keepLines(made, table, true);
    delete table.dataset.linesSrc;
  } else {
    assay.failed(table.caption, "The lines over time could not be read.", () => {
      delete table.dataset.filling;
      assay.fillLines();
    });
  }
};

// Lines that one table has are put into another: into its empty cells, or into all of them.
assay.keepLines = (from, to, all = false) => {
  const lines = new Map([...from.querySelectorAll("[data-line]")].map((cell) => [cell.dataset.line, cell.querySelector("svg")]));
  for (const cell of to.querySelectorAll("[data-line]")) {
    const line = lines.get(cell.dataset.line);
    if (line && (all || !cell.firstElementChild)) cell.replaceChildren(line.cloneNode(true));
  }
};

assay.fillRow = (row, text) => {
  const made = new DOMParser().parseFromString(`<table><tbody><tr>${text}</tr></tbody></table>`, "text/html");
  row.replaceChildren(...made.querySelector("tr").children);
  assay.ages(row);
};
