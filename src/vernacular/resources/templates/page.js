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
