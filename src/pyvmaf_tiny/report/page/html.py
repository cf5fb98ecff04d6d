"""One self-contained HTML page that compares curves.

Charts, data, styles and script are inside the file; nothing is loaded from anywhere, and a
content security policy in the page forbids it. Without JavaScript the charts and tables are still
there. What users gave (labels, file names) is escaped.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from html import escape
from importlib import resources
from typing import Any, BinaryIO

from pyvmaf_tiny.report.chart import DARK_COLORS, LIGHT_COLORS, style
from pyvmaf_tiny.report.comparison import (
    Comparison,
    Curve,
    Trace,
    column_titles,
    decimals,
    figure_cells,
)
from pyvmaf_tiny.report.pictures import jpeg

from .frames_chart import PLOT, frames_chart, scales
from .panels import FULL_WIDTH, HALF_WIDTH, range_chart, rate_chart
from .svg import curve_attributes

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def write(comparison: Comparison, file: BinaryIO) -> None:
    """Write the page as UTF-8."""
    traces = comparison.traces
    colors = _colors()
    style_sheet = resources.files(__package__).joinpath("page.css").read_text("utf-8")
    script = resources.files(__package__).joinpath("page.js").read_text("utf-8")
    title = escape(comparison.title)
    page = "\n".join(
        (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>\n<style>\n{colors}{style_sheet}</style>\n</head>",
            f"<body>\n<main>\n<h1>{title}</h1>",
            *_body(comparison, traces),
            "</main>",
            f'<script type="application/json" id="data">{_data(comparison, traces)}</script>',
            f"<script>\n{script}</script>\n</body>\n</html>\n",
        )
    )
    # Lone surrogates, from file names that are not UTF-8, have no encoding.
    file.write(page.encode("utf-8", "backslashreplace"))


def _body(comparison: Comparison, traces: Sequence[Trace]) -> Iterator[str]:
    facts = "".join(f"<span>{escape(fact)}</span>" for fact in comparison.about)
    yield f'<p class="about">{facts}</p>'
    yield '<div class="tiles">' + "".join(_tiles(comparison)) + "</div>"
    step = max(trace.step for trace in traces)
    yield f'<section class="card scroll"><h2>{escape(comparison.metric_name)} over frames</h2>'
    reduced = f"each point is the mean of {step} frames, the band their range; " if step > 1 else ""
    yield f'<p class="note">{reduced}drag to zoom, click a tile above to hide its curve</p>'
    if comparison.thumbnails:
        yield '<div class="film">' + "".join(_film(comparison)) + "</div>"
    yield (
        '<button class="reset" hidden>whole clip</button><div class="chart">'
        f'{frames_chart(comparison, traces)}<div class="tip" hidden></div></div></section>'
    )
    yield '<div class="pair">'
    width = FULL_WIDTH
    if comparison.rate_groups:
        width = HALF_WIDTH
        yield '<section class="card"><h2>Rate and quality</h2>'
        yield '<p class="note">filled: mean of the frames; open: 5th percentile</p>'
        yield rate_chart(comparison) + "</section>"
    yield '<section class="card"><h2>Distribution</h2>'
    yield '<p class="note">line: range; bar: middle half; tick: median; dot: mean</p>'
    yield range_chart(comparison, width) + "</section></div>"
    yield '<section class="card scroll"><h2>Figures</h2>' + _figures(comparison) + "</section>"
    yield '<section class="card scroll"><details><summary>How this was measured</summary>'
    yield _facts(comparison.curves) + "</details></section>"
    version = escape(comparison.curves[0].result.info.version)
    yield f"<footer>pyvmaf-tiny {version}</footer>"


def _tiles(comparison: Comparison) -> Iterator[str]:
    for position, curve in enumerate(comparison.curves):
        pooled = curve.result.figures(comparison.metric)
        fifth = curve.result.percentile(5, comparison.metric)
        digits = decimals(comparison.metric)
        yield (
            f'<button class="tile" aria-pressed="true" {curve_attributes(position)}>'
            f'<span class="label">{escape(curve.label)}</span><b>{pooled.mean:.{digits}f}</b>'
            f"<small>p5 {fifth:.{digits}f} · min {pooled.min:.{digits}f}</small></button>"
        )


def _film(comparison: Comparison) -> Iterator[str]:
    for thumbnail in comparison.thumbnails:
        source = "data:image/jpeg;base64," + base64.b64encode(jpeg(thumbnail.image)).decode("ascii")
        yield (
            f'<figure><img alt="frame {thumbnail.frame}" src="{source}">'
            f"<figcaption>{thumbnail.frame:,}</figcaption></figure>"
        )


def _figures(comparison: Comparison) -> str:
    metric = comparison.metric
    facts = [curve.columns for curve in comparison.curves]
    figures = [figure_cells(curve.result, metric) for curve in comparison.curves]
    titles = [column_titles(facts), column_titles(figures)]
    rows = []
    for position, curve in enumerate(comparison.curves):
        result = curve.result
        worst = int(result.indices[result.series(metric).argmin()])
        name = f'<span class="swatch" {curve_attributes(position)}></span>{escape(curve.label)}'
        cells = [
            name,
            *(escape(facts[position].get(title, "")) for title in titles[0]),
            *(figures[position][title] for title in titles[1]),
            f"{worst:,}",
            f"{len(result):,}",
        ]
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    heads = ["", *titles[0], *titles[1], "worst frame", "frames"]
    return _table("figures", heads, rows)


def _facts(curves: Sequence[Curve]) -> str:
    infos = [curve.result.info.to_dict() for curve in curves]
    rows = [
        f"<tr><td>{escape(key.replace('_', ' '))}</td>"
        + "".join(f"<td>{escape(_fact(info[key]))}</td>" for info in infos)
        + "</tr>"
        for key in infos[0]
    ]
    return _table("figures facts", ["", *(curve.label for curve in curves)], rows)


def _table(kind: str, titles: Sequence[str], rows: Sequence[str]) -> str:
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    return (
        f'<table class="{kind}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def _fact(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return "–" if value is None else str(value)


def _colors() -> str:
    light = "".join(f"--c{i}:{color};" for i, color in enumerate(LIGHT_COLORS))
    dark = "".join(f"--c{i}:{color};" for i, color in enumerate(DARK_COLORS))
    return f":root{{{light}}}\n@media (prefers-color-scheme: dark){{:root{{{dark}}}}}\n"


def _data(comparison: Comparison, traces: Sequence[Trace]) -> str:
    """What the script needs, as JSON that cannot end its script element."""
    x, y = scales(comparison)
    digits = decimals(comparison.metric)
    infos = [curve.result.info for curve in comparison.curves]
    curves: list[dict[str, Any]] = []
    for position, (curve, trace) in enumerate(zip(comparison.curves, traces, strict=True)):
        entry: dict[str, Any] = {
            "label": curve.label,
            "color": f"var(--c{style(position)[0]})",
            "step": trace.step,
            "frames": trace.frames.tolist(),
            "mean": trace.mean.round(digits + 1).tolist(),
        }
        if trace.step > 1:
            entry["low"] = trace.low.round(digits + 1).tolist()
            entry["high"] = trace.high.round(digits + 1).tolist()
        curves.append(entry)
    data = {
        "plot": {"x": PLOT.x, "y": PLOT.y, "width": PLOT.width, "height": PLOT.height},
        "frames": [x.low, x.high],
        "values": [y.low, y.high],
        "digits": digits,
        "rate": infos[0].frame_rate,
        "stride": infos[0].subsample,
        "curves": curves,
    }
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
