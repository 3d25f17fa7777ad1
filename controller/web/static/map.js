// Clusters on a plain ground: no tiles are fetched from anywhere.
"use strict";
(async () => {
  const box = document.getElementById("map");
  const points = await (await fetch(box.dataset.points)).json();
  const map = L.map(box, { attributionControl: false }).setView([16, 106], 5);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colours = { online: "--good", offline: "--bad", lost: "--bad", never: "--quiet" };
  const marks = points.map((point) => {
    const mark = L.circleMarker(point.at, { radius: 9, color: colour(colours[point.state]), weight: 3 });
    const link = document.createElement("a");
    link.href = point.url;
    link.textContent = `${point.name}: ${point.says}`;
    return mark.bindTooltip(point.name, { permanent: points.length < 40, direction: "auto", offset: [8, 0] })
      .bindPopup(link).addTo(map);
  });
  L.control.scale({ imperial: false }).addTo(map);
  if (marks.length) map.fitBounds(L.featureGroup(marks).getBounds().pad(0.3), { maxZoom: 15 });
})();
