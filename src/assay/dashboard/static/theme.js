// Applies the chosen theme before the page is painted.
"use strict";
(() => {
  let chosen = null;
  try { chosen = localStorage.getItem("assay-theme"); } catch { /* storage is off: follow the system */ }
  if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
})();
