"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, k) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => row.cells[k].dataset.value ?? row.cells[k].textContent;
      const order = (a, b) => {
        const [x, y] = [key(a), key(b)], [u, v] = [Number(x), Number(y)];
        if (x === "" || x === "nan") return 1;
        if (y === "" || y === "nan") return -1;
        const sign = Number.isNaN(u) || Number.isNaN(v) ? x.localeCompare(y) : u - v;
        return down ? -sign : sign;
      };
      body.append(...[...body.rows].sort(order));
    });
  });
}
const style = document.getElementById("chart-style").textContent;
for (const link of document.querySelectorAll("a.svg")) {
  link.hidden = false;
  link.addEventListener("click", () => {
    const figure = link.closest("figure"), shown = figure.querySelector(".choice:not([hidden])") ?? figure;
    const copy = shown.querySelector("svg").cloneNode(true);
    const inner = document.createElementNS("http://www.w3.org/2000/svg", "style");
    inner.textContent = style;
    copy.prepend(inner);
    const text = new XMLSerializer().serializeToString(copy);
    link.href = URL.createObjectURL(new Blob([text], {type: "image/svg+xml"}));
  });
}
for (const slider of document.querySelectorAll(".chooser input")) {
  const chooser = slider.parentElement, choices = [...chooser.parentElement.querySelectorAll(".choice")];
  const show = () => {
    const chosen = choices[Number(slider.value)];
    for (const one of choices) one.hidden = one !== chosen;
    slider.setAttribute("aria-valuetext", chosen.dataset.name);
    chooser.querySelector("output").textContent = chosen.dataset.said;
  };
  chooser.hidden = false;
  slider.addEventListener("input", show);
  show();
}
