(function () {
  var data = document.getElementById("figures");
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  var plots = data ? JSON.parse(data.textContent) : [];
  function colours(night) {
    var ink = night ? "#eeeeee" : "#111111", line = night ? "#444444" : "#dddddd", change = { "font.color": ink };
    ["xaxis", "yaxis"].forEach(function (axis) {
      change[axis + ".gridcolor"] = line;
      change[axis + ".zerolinecolor"] = line;
      change[axis + ".linecolor"] = line;
    });
    return change;
  }
  function repaint(night) {
    plots.forEach(function (plot) { Plotly.relayout(plot.id, colours(night)); });
  }
  plots.forEach(function (plot) {
    Plotly.newPlot(plot.id, plot.figure.data, plot.figure.layout, { displaylogo: false, responsive: true });
  });
  repaint(dark.matches);
  dark.addEventListener("change", function () { repaint(dark.matches); });
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (part) { part.open = true; });
    repaint(false);
  });
  window.addEventListener("afterprint", function () { repaint(dark.matches); });
})();
