// Clusters of an alert, coloured and marked by how far they are; read again when the counts have changed.
"use strict";
{
  const box = document.getElementById("reach-map");
  const map = L.map(box, { attributionControl: false }).setView([16, 106], 5);
  const marks = L.layerGroup().addTo(map);
  let shown = "";
  let isPlaced = false;

  const pin = (point) => {
    const icon = document.createElement("span");
    icon.className = `pin pin-${point.state}`;
    icon.textContent = point.mark;
    return L.divIcon({ html: icon, className: "", iconSize: [26, 26] });
  };

  function draw({ points, shapes }) {
    marks.clearLayers();
    const line = { color: getComputedStyle(box).color, weight: 3, fill: false, dashArray: "8 6" };
    shapes.forEach((one) => {
      const ring = one.shape === "circle" ? L.circle([one.latitude, one.longitude], { ...line, radius: one.radius_m }) : L.polygon(one.points, line);
      ring.addTo(marks);
    });
    points.forEach((point) => {
      L.marker(point.at, { icon: pin(point), alt: `${point.name}: ${point.says}`, keyboard: false })
        .bindTooltip(`${point.name}: ${point.says}`).addTo(marks);
    });
    // an alert is looked at where its clusters are, a warning from outside with all of its shapes
    const seen = "fitsAll" in box.dataset ? L.featureGroup(marks.getLayers()).getBounds() : L.latLngBounds(points.map((point) => point.at));
    if (isPlaced || !seen.isValid()) return;
    isPlaced = true;
    map.fitBounds(seen.pad(0.3), { maxZoom: 15 });
  }

  async function read(version) {
    if (version === shown) return;
    shown = version;
    const answer = await fetch(box.dataset.points);
    if (answer.ok) draw(await answer.json());
  }

  L.control.scale({ imperial: false }).addTo(map);
  document.body.addEventListener("htmx:load", () => {
    const counts = document.getElementById("poll-progress");
    if (!counts || counts.dataset.version === shown) return;
    read(counts.dataset.version);
    htmx.trigger(document.body, "progressed");
  });
  read(box.dataset.version || "-");
}
