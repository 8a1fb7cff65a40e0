// The order of a trip's stops without asking the server each time: the arrows, the numbers
// and dragging move the rows, and the numbers follow; what is ticked is added up. The pages
// work without this script.
"use strict";
(function () {
  var list = document.querySelector("[data-stops]");
  var load = document.querySelector("[data-load]");

  function rows() { return Array.prototype.slice.call(list.querySelectorAll("[data-row]")); }
  function number() { rows().forEach(function (row, i) { row.querySelector(".pos").value = String(i + 1); }); }

  // place puts a row where its number says.
  function place(row, at) {
    var others = rows().filter(function (r) { return r !== row; });
    list.insertBefore(row, others[Math.max(0, at)] || null);
    number();
  }

  function kilograms(grams) {
    var whole = String(Math.floor(grams / 1000)).replace(/\B(?=(\d{3})+$)/g, ",");
    return whole + "." + String(1000 + grams % 1000).slice(1) + " kg";
  }

  if (list) {
    list.addEventListener("click", function (e) {
      var button = e.target.closest("button[value]");
      if (!button) return;
      var what = button.value.split(".")[0];
      if (what !== "up" && what !== "down") return; // a stop is taken out by the server: its booking waits again
      e.preventDefault();
      var row = button.closest("[data-row]");
      place(row, rows().indexOf(row) + (what === "up" ? -1 : 1));
      button.focus();
    });
    list.addEventListener("change", function (e) {
      if (!e.target.classList.contains("pos")) return;
      var at = parseInt(e.target.value, 10);
      if (isNaN(at)) number(); else place(e.target.closest("[data-row]"), at - 1);
    });
    list.addEventListener("keydown", function (e) { // Enter moves the row and sends nothing
      if (e.key !== "Enter" || !e.target.classList.contains("pos")) return;
      e.preventDefault();
      e.target.dispatchEvent(new Event("change", { bubbles: true }));
    });
    var held = null;
    rows().forEach(function (row) {
      var grip = row.querySelector("[data-grip]");
      grip.hidden = false;
      grip.draggable = true;
      grip.addEventListener("dragstart", function (e) { held = row; e.dataTransfer.setData("text/plain", ""); e.dataTransfer.setDragImage(row, 0, 0); });
      grip.addEventListener("dragend", function () { held = null; });
      row.addEventListener("dragover", function (e) {
        if (!held || held === row) return;
        e.preventDefault();
        var box = row.getBoundingClientRect();
        list.insertBefore(held, e.clientY < box.top + box.height / 2 ? row : row.nextSibling);
        number();
      });
      row.addEventListener("drop", function (e) { e.preventDefault(); });
    });
  }

  // What is ticked is added up, beside the limit where one is known.
  function add() {
    var more = 0, n = 0;
    document.querySelectorAll('input[name^="add."]:checked').forEach(function (box) { more += Number(box.dataset.grams); n++; });
    var out = load.querySelector("[data-ticked]");
    var sum = Number(load.dataset.sum) + more, limit = Number(load.dataset.limit);
    out.hidden = n === 0;
    var none = load.querySelector("[data-none]");
    if (none) none.hidden = n > 0;
    out.querySelector("strong").textContent = (limit === 0 && Number(load.dataset.sum) === 0 ? n + " · " : "") + kilograms(sum);
    load.classList.toggle("over", limit > 0 && sum > limit);
  }
  if (load) {
    document.addEventListener("change", function (e) { if (e.target.name && e.target.name.indexOf("add.") === 0) add(); });
    add();
  }
})();
