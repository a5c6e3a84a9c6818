// Shows the rows of a page's tables that have all the words of the field, and the headings above them.
"use strict";

// For screen readers: the theme gives its dialog no name.
document.querySelector(".md-search")?.setAttribute("aria-label", "Search");

// For the keyboard: the theme puts each table into a place that scrolls, once the page is there.
addEventListener("load", () => {
  for (const place of document.querySelectorAll(".md-typeset__scrollwrap")) place.tabIndex = 0;
});

document.addEventListener("input", ({ target }) => {
  if (!target.matches("input.filter")) return;
  const words = target.value.toLowerCase().split(/\s+/).filter(Boolean);
  const has = (text) => words.every((word) => text.toLowerCase().includes(word));
  const above = []; // the headings in force, the highest first
  for (const part of document.querySelectorAll("article :is(h2, h3, h4, table, p, ul, pre)")) {
    if (part.closest("td")) continue;
    if (part.matches("h2, h3, h4")) {
      while (above.length && above.at(-1).tagName >= part.tagName) above.pop();
      above.push(part);
    }
    const place = part.closest(".md-typeset__scrollwrap, .highlight") ?? part;
    place.hidden = words.length > 0;
    if (!part.matches("table")) continue;
    const rows = [...part.querySelectorAll("tbody tr")];
    for (const row of rows) row.hidden = !has(row.textContent);
    if (rows.every((row) => row.hidden)) continue;
    for (const shown of [place, ...above]) shown.hidden = false;
  }
});
