"use strict";
// A click on a column's head sorts its table: numbers by size, from high to low first, names by letter.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") !== "descending" && column > 0;
    const body = table.tBodies[0];
    const value = (row) => row.cells[column].dataset.value;
    const rows = [...body.rows].sort((a, b) => {
      if (column === 0) return a.cells[0].textContent.localeCompare(b.cells[0].textContent);
      const [x, y] = [value(a), value(b)].map((text) => (text === undefined ? -Infinity : Number(text)));
      return x === y ? 0 : down ? y - x : x - y;
    });
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...rows);
  }));
}
