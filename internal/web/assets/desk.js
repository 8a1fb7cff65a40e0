// Draws the trend of each indicator from the data that stands in the page beside its table.
// The pages work without this script.
"use strict";
(function () {
  var colours = ["#0b57d0", "#b3261e", "#146c2e", "#8a5a00"];

  function draw(box) {
    var d = JSON.parse(box.dataset.trend);
    var ink = getComputedStyle(box).color;
    var names = Object.keys(d.series);
    var series = names.map(function (name, i) {
      return {
        name: name, type: "line", symbolSize: 8, color: colours[i % colours.length],
        data: d.series[name].map(function (v) { return v === null ? null : Number(v); }),
        label: { show: i === names.length - 1, color: ink, formatter: function (p) { return p.value === null ? "" : String(d.series[name][p.dataIndex]); } },
        endLabel: { show: names.length > 1, formatter: name.split(" ")[0], color: ink },
      };
    });
    if (d.target !== "" && !isNaN(Number(d.target))) {
      series.push({
        name: "目标 target", type: "line", symbol: "none", color: ink, lineStyle: { type: "dashed", width: 1 },
        data: d.periods.map(function () { return Number(d.target); }),
      });
    }
    var chart = echarts.init(box, null, { renderer: "canvas" });
    chart.setOption({
      animation: false,
      grid: { left: 48, right: 48, top: 24, bottom: 28 },
      xAxis: { type: "category", data: d.periods, axisLabel: { color: ink } },
      yAxis: { type: "value", scale: true, name: d.unit, axisLabel: { color: ink }, nameTextStyle: { color: ink } },
      series: series,
    });
    new ResizeObserver(function () { chart.resize(); }).observe(box);
  }

  function drawAll() {
    document.querySelectorAll("[data-trend]").forEach(function (box) {
      if (box.clientWidth && !box.querySelector("canvas")) draw(box); // what is folded is drawn when it is opened
    });
  }

  // What is not the page that was asked for (the sign-in form, say) is opened as a page.
  document.addEventListener("htmx:beforeSwap", function (e) {
    if (e.detail.xhr.responseText.indexOf('id="figures"') < 0) {
      e.detail.shouldSwap = false;
      location.assign(e.detail.pathInfo.finalRequestPath);
    }
  });
  document.addEventListener("htmx:afterSettle", drawAll);
  document.addEventListener("toggle", drawAll, true);
  addEventListener("resize", drawAll);
  drawAll();
})();
