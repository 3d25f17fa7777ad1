// Draws one circle or polygon over our clusters: by taps, or by typed coordinates, which are the truth.
// Writes the shapes of `wire.alert` as JSON into the hidden field `shapes` and lets it say "change".
"use strict";
{
  const box = document.querySelector("[data-shapes]");
  const part = (name) => box.querySelector(`[data-shape-${name}]`);
  const [field, typed, radius, slider, told] = ["json", "typed", "radius", "slider", "told"].map(part);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const map = L.map(part("map"), { attributionControl: false, doubleClickZoom: false, preferCanvas: true }).setView([16, 106], 5);
  const drawn = L.layerGroup().addTo(map);
  const marks = new Map();
  let kind = "";
  let isClosed = false;

  // one corner a line, "latitude, longitude"; a line that is none is left out and said
  const lines = () => typed.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const place = (line) => {
    const found = line.match(/^(-?\d+(?:\.\d+)?)[\s,;]+(-?\d+(?:\.\d+)?)$/);
    const at = found && [Number(found[1]), Number(found[2])];
    return at && Math.abs(at[0]) <= 90 && Math.abs(at[1]) <= 180 ? at : null;
  };
  const places = () => lines().map(place).filter(Boolean);

  function shapes() {
    const points = places();
    const metres = Number(radius.value);
    if (kind === "circle" && points.length && metres > 0) {
      return [{ shape: "circle", latitude: points[0][0], longitude: points[0][1], radius_m: metres }];
    }
    if (kind === "polygon" && points.length >= 3) return [{ shape: "polygon", points: [...points, points[0]] }];
    return [];
  }

  function draw() {
    const points = places();
    const line = { color: colour("--focus"), weight: 4 };
    drawn.clearLayers();
    if (kind === "circle" && points.length) L.circle(points[0], { ...line, radius: Number(radius.value) }).addTo(drawn);
    if (kind === "polygon" && isClosed) L.polygon(points, line).addTo(drawn);
    if (kind === "polygon" && !isClosed) L.polyline(points, { ...line, dashArray: "8 8" }).addTo(drawn);
    const corners = kind === "circle" ? points.slice(0, 1) : points;
    corners.forEach((at) => L.circleMarker(at, { ...line, radius: 6, fillOpacity: 1 }).addTo(drawn));
  }

  function say() {
    const wrong = lines().filter((line) => !place(line));
    const count = places().length;
    const step = wrong.length ? "wrong" : !kind ? "none" : kind === "circle" ? (count ? "circle" : "centre") : count < 3 ? "corners" : isClosed ? "closed" : "open";
    told.textContent = told.dataset[step].replace("{n}", wrong.length || count).replace("{r}", radius.value);
    part("circle").hidden = kind !== "circle";
    box.querySelectorAll("[aria-pressed]").forEach((button) => button.setAttribute("aria-pressed", button.dataset.draw === kind));
    box.querySelector("[data-undo]").disabled = !count;
    box.querySelector("[data-close]").disabled = kind !== "polygon" || count < 3 || isClosed;
  }

  function changed() {
    draw();
    say();
    const now = JSON.stringify(shapes());
    if (now === field.value) return;
    field.value = now;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function write(points) {
    typed.value = points.map((at) => at.map((degrees) => degrees.toFixed(6)).join(", ")).join("\n");
    changed();
  }

  function begin(wanted) {
    kind = wanted;
    isClosed = false;
    write(wanted === "circle" ? places().slice(0, 1) : wanted ? places() : []);
  }

  map.on("click", ({ latlng }) => {
    if (kind === "circle") write([[latlng.lat, latlng.lng]]);
    if (kind === "polygon" && !isClosed) write([...places(), [latlng.lat, latlng.lng]]);
  });
  box.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (!button) return;
    if ("draw" in button.dataset) begin(button.dataset.draw);
    if ("undo" in button.dataset) {
      isClosed = false;
      write(places().slice(0, -1));
    }
    if ("close" in button.dataset) {
      isClosed = true;
      changed();
    }
  });
  typed.addEventListener("input", () => {
    if (lines().length > 1) kind = "polygon";
    if (lines().length && !kind) kind = "circle";
    isClosed = kind === "polygon" && places().length >= 3;
    changed();
  });
  radius.addEventListener("input", () => {
    slider.value = radius.value;
    changed();
  });
  slider.addEventListener("input", () => {
    radius.value = slider.value;
    changed();
  });

  // the server says which clusters lie inside: one judgement, the same as the device's
  function mark() {
    const heard = document.querySelector("[data-heard]");
    const inside = new Set(heard ? heard.dataset.heard.split(" ") : []);
    marks.forEach((dot, id) => {
      const is = inside.has(id);
      dot.setStyle({ color: colour(is ? "--bad" : "--quiet"), fillOpacity: is ? 0.9 : 0.1 }).setRadius(is ? 9 : 6);
    });
  }
  document.addEventListener("htmx:afterSwap", mark);

  function read(stored) {
    const first = JSON.parse(stored || "[]")[0];
    if (!first) return;
    kind = first.shape;
    isClosed = true;
    if (kind === "circle") radius.value = slider.value = first.radius_m;
    typed.value = (kind === "circle" ? [[first.latitude, first.longitude]] : first.points.slice(0, -1)).map((at) => at.join(", ")).join("\n");
  }

  (async () => {
    read(field.value);
    const { clusters, areas } = await (await fetch(box.dataset.shapes)).json();
    areas.forEach((area) => {
      const name = { permanent: areas.length < 40, direction: "bottom", className: "area-name" };
      L.circleMarker(area.at, { radius: 3, color: colour("--quiet"), interactive: false }).bindTooltip(area.name, name).addTo(map);
    });
    clusters.forEach((cluster) => {
      const mark = L.circleMarker(cluster.at, { radius: 6, weight: 3, color: colour("--quiet"), fillOpacity: 0.1, bubblingMouseEvents: true });
      marks.set(cluster.id, mark.bindTooltip(cluster.name, { permanent: clusters.length < 25, direction: "right", offset: [8, 0] }).addTo(map));
    });
    L.control.scale({ imperial: false }).addTo(map);
    mark();
    const all = [...clusters, ...areas].map((one) => one.at);
    draw();
    const seen = drawn.getLayers().length ? L.featureGroup(drawn.getLayers()).getBounds() : L.latLngBounds(all);
    if (seen.isValid()) map.fitBounds(seen.pad(0.3), { maxZoom: 15 });
    say();
    box.dataset.ready = "";
  })();
}
