"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { plot, frames: whole, values } = data;
  const chart = document.querySelector("#frames");
  const lines = chart.querySelector(".lines");
  const cross = chart.querySelector(".cross");
  const dots = chart.querySelector(".dots");
  const select = chart.querySelector(".select");
  const area = chart.querySelector(".catch");
  const tip = document.querySelector(".tip");
  const reset = document.querySelector(".reset");
  const hidden = new Set();
  let shown = [...whole];
  let at = null;
  let dragged = null;

  const make = (tag, attributes, parent) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return parent.appendChild(element);
  };
  const xOf = (frame) => plot.x + (plot.width * (frame - shown[0])) / (shown[1] - shown[0]);
  const yOf = (value) =>
    plot.y + plot.height * (1 - (value - values[0]) / (values[1] - values[0]));
  const frameAt = (event) => {
    const point = new DOMPoint(event.clientX, event.clientY)
      .matrixTransform(chart.getScreenCTM().inverse());
    const share = Math.min(Math.max((point.x - plot.x) / plot.width, 0), 1);
    return shown[0] + share * (shown[1] - shown[0]);
  };
  const nearest = (frames, wanted) => {
    let low = 0;
    let high = frames.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (frames[middle] <= wanted) low = middle;
      else high = middle;
    }
    return wanted - frames[low] <= frames[high] - wanted ? low : high;
  };
  const clock = (frame) => {
    if (!data.rate) return "";
    const seconds = frame / data.rate;
    const minutes = Math.floor(seconds / 60);
    return ` · ${minutes}:${(seconds - 60 * minutes).toFixed(2).padStart(5, "0")}`;
  };

  const leave = () => {
    at = null;
    tip.hidden = true;
    cross.style.visibility = "hidden";
    dots.replaceChildren();
  };

  const show = (wanted) => {
    const points = [];
    data.curves.forEach((curve, number) => {
      if (hidden.has(number)) return;
      const i = nearest(curve.frames, wanted);
      // A curve that has ended has no value here.
      if (Math.abs(curve.frames[i] - wanted) > Math.max(curve.step, data.stride)) return;
      points.push({ curve, i, frame: curve.frames[i], mean: curve.mean[i] });
    });
    if (!points.length) return leave();
    const frame = points[0].frame;
    at = frame;
    const x = xOf(frame);
    cross.setAttribute("x1", x);
    cross.setAttribute("x2", x);
    cross.style.visibility = "visible";
    dots.replaceChildren();
    const table = document.createElement("table");
    for (const { curve, i, frame: own, mean } of points.sort((a, b) => b.mean - a.mean)) {
      make("circle", { class: "dot", r: 4, cx: xOf(own), cy: yOf(mean), style: `--c:${curve.color}` }, dots);
      const row = table.insertRow();
      const swatch = document.createElement("span");
      swatch.className = "swatch";
      swatch.style.setProperty("--c", curve.color);
      row.insertCell().append(swatch);
      row.insertCell().textContent = curve.label;
      let text = mean.toFixed(data.digits);
      if (curve.step > 1) {
        text += ` (${curve.low[i].toFixed(data.digits)} to ${curve.high[i].toFixed(data.digits)})`;
      }
      row.insertCell().textContent = text;
    }
    const step = points[0].curve.step;
    const head = document.createElement("div");
    head.textContent = (step > 1 ? `frames from ${frame}, ${step} each` : `frame ${frame}`) + clock(frame);
    tip.replaceChildren(head, table);
    tip.hidden = false;
    const share = x / chart.viewBox.baseVal.width;
    const place = share * chart.clientWidth;
    tip.style.left = `${share < 0.5 ? place + 16 : place - tip.offsetWidth - 16}px`;
  };

  const zoom = (low, high) => {
    shown = [low, high];
    lines.setAttribute("viewBox", `${low} 0 ${high - low} ${lines.height.baseVal.value}`);
    reset.hidden = low === whole[0] && high === whole[1];
    chart.classList.toggle("zoomed", !reset.hidden);
    const power = 10 ** Math.floor(Math.log10((high - low) / 10));
    const step = Math.max([1, 2, 5, 10].find((m) => m * power >= (high - low) / 10) * power, 1);
    const ticks = chart.querySelector(".x-ticks");
    const y = ticks.firstElementChild.getAttribute("y");
    ticks.replaceChildren();
    for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) {
      const attributes = { class: "tick", x: xOf(tick), y, "text-anchor": "middle" };
      make("text", attributes, ticks).textContent = tick.toLocaleString("en");
    }
    leave();
  };

  area.addEventListener("pointerdown", (event) => {
    dragged = frameAt(event);
    area.setPointerCapture(event.pointerId);
  });
  area.addEventListener("pointermove", (event) => {
    const frame = frameAt(event);
    if (dragged !== null) {
      select.setAttribute("x", Math.min(xOf(dragged), xOf(frame)));
      select.setAttribute("width", Math.abs(xOf(dragged) - xOf(frame)));
    }
    show(frame);
  });
  area.addEventListener("pointerup", (event) => {
    const [low, high] = [dragged, frameAt(event)].sort((a, b) => a - b).map(Math.round);
    dragged = null;
    select.setAttribute("width", 0);
    if (high - low >= 4) zoom(low, high);
  });
  area.addEventListener("pointerleave", leave);
  area.addEventListener("dblclick", () => zoom(...whole));
  reset.addEventListener("click", () => zoom(...whole));
  area.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const stride = Math.max(data.curves[0].step, data.stride);
    const next = at === null ? shown[0] : at + step * stride * (event.shiftKey ? 10 : 1);
    show(Math.min(Math.max(next, shown[0]), shown[1]));
  });

  for (const tile of document.querySelectorAll(".tile")) {
    tile.addEventListener("click", () => {
      const number = Number(tile.dataset.curve);
      const off = !hidden.delete(number) && Boolean(hidden.add(number));
      tile.setAttribute("aria-pressed", String(!off));
      for (const part of document.querySelectorAll(`svg [data-curve="${number}"]`)) {
        part.classList.toggle("off", off);
      }
      if (at !== null) show(at);
    });
  }
})();
