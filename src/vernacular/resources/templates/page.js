"use strict";
// A click on a column's head sorts its table: numbers by size, from high to low first, names by letter.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const body = table.tBodies[0];
    const cells = [...body.rows].map((row) => row.cells[column]);
    const numbers = cells.some((cell) => cell.dataset.value !== undefined);
    const before = head.getAttribute("aria-sort");
    const down = numbers ? before !== "descending" : before === "ascending";
    const value = (cell) => cell.dataset.value === undefined ? -Infinity : Number(cell.dataset.value);
    const compare = numbers
      ? (a, b) => value(a) === value(b) ? 0 : value(a) - value(b)
      : (a, b) => a.textContent.localeCompare(b.textContent, undefined, {numeric: true});
    const rows = cells.sort((a, b) => down ? compare(b, a) : compare(a, b)).map((cell) => cell.parentNode);
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...rows);
  }));
}

// A point of a plot tells its numbers when it is pointed at, tapped or reached with the keyboard; Escape hides them.
const tip = document.getElementById("tip");
const hide = () => { tip.hidden = true; };
const show = (point) => {
  tip.textContent = point.getAttribute("aria-label");
  tip.hidden = false;
  const at = point.getBoundingClientRect();
  const left = Math.min(Math.max(at.left + at.width / 2 - tip.offsetWidth / 2, 8), innerWidth - tip.offsetWidth - 8);
  const below = at.bottom + 8 + tip.offsetHeight < innerHeight;
  tip.style.left = `${Math.max(left, 8)}px`;
  tip.style.top = `${below ? at.bottom + 8 : Math.max(at.top - tip.offsetHeight - 8, 8)}px`;
};
for (const point of document.querySelectorAll(".point")) {
  for (const event of ["pointerenter", "focus", "click"]) point.addEventListener(event, () => show(point));
  for (const event of ["pointerleave", "blur"]) point.addEventListener(event, hide);
}
addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
addEventListener("scroll", hide, {passive: true});

// What is folded is printed too, and folded again afterwards.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  folded.forEach((part) => { part.open = true; });
});
addEventListener("afterprint", () => folded.forEach((part) => { part.open = false; }));
