"""Pictures and the page: what is in them, that nothing leaks out of labels, nothing is loaded."""

from __future__ import annotations

import base64
import io
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import av
import matplotlib as mpl
import matplotlib.image
import numpy as np
import pytest
from conftest import RunPython
from matplotlib.axes import Axes
from numpy.typing import NDArray
from sample_results import NASTY, draw, drawn_result, hide_package, sample_result

from pyvmaf_tiny.errors import OptionError
from pyvmaf_tiny.report import PICTURES, Curve, Thumbnail, save_plot
from pyvmaf_tiny.report.pictures import jpeg

#: As NASTY, with letters that matplotlib's own font has, and mathematics that it cannot parse.
PLAIN_NASTY = "$\\no{$<b>&\"' é </script><!--"

VOID = {"meta", "img", "br", "circle", "line", "rect", "path"}


class Page(HTMLParser):
    """A page as a browser sees it: elements with their attributes, texts by element."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == [], "elements left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts.setdefault(self._open[-1], []).append(data)

    def find(self, tag: str, **wanted: str) -> list[dict[str, str]]:
        return [
            attributes
            for name, attributes in self.elements
            if name == tag and all(attributes.get(key) == value for key, value in wanted.items())
        ]


def _curves(count: int = 3, frames: int = 40) -> list[Curve]:
    return [
        Curve(f"CRF {20 + i}", drawn_result(frames, seed=i), {"CRF": 20 + i}, bitrate=900 / (i + 1))
        for i in range(count)
    ]


def _page(path: Path, curves: list[Curve], **options: object) -> Page:
    save_plot(curves, path, **options)  # type: ignore[arg-type]
    return Page(path.read_text("utf-8"))


def _thumbnails() -> list[Thumbnail]:
    y, x = np.mgrid[0:36, 0:64]
    color = np.stack([x * 4, y * 7, x + y], axis=-1).astype(np.uint8)
    return [Thumbnail(0, color), Thumbnail(20, color[..., 0])]


def test_the_page_draws_every_frame_of_every_curve(tmp_path: Path) -> None:
    curves = _curves()
    page = _page(tmp_path / "plot.html", curves, title="A title")
    assert page.texts["h1"] == page.texts["title"][:1] == ["A title"]
    lines = page.find("path", **{"class": "line"})
    assert len(lines) == 3
    chart = page.find("svg", id="frames")[0]
    height = float(chart["viewbox"].split()[3])
    for line, curve in zip(lines, curves, strict=True):
        points = [tuple(map(float, p.split())) for p in line["d"][1:-2].split("L")]
        assert [x for x, _ in points] == list(range(40))
        drawn = np.array([y for _, y in points])
        assert drawn.min() >= 0
        assert drawn.max() <= height
        # Higher scores are drawn higher, in proportion.
        assert np.corrcoef(drawn, curve.result.scores)[0, 1] < -0.9999


def test_the_page_carries_the_values_for_its_script(tmp_path: Path) -> None:
    curves = _curves()
    page = _page(tmp_path / "plot.html", curves)
    data = json.loads("".join(page.texts["script"][0]))
    assert data["rate"] == 25.0
    for entry, curve in zip(data["curves"], curves, strict=True):
        assert entry["label"] == curve.label
        assert entry["frames"] == curve.result.indices.tolist()
        assert entry["mean"] == pytest.approx(curve.result.scores.tolist(), abs=5.01e-4)


def test_the_page_tells_the_figures(tmp_path: Path) -> None:
    curves = _curves()
    page = _page(tmp_path / "plot.html", curves)
    cells = page.texts["td"]
    for curve in curves:
        result = curve.result
        worst = int(np.argmin(result.scores))
        for q in (1, 5, 50, 95):
            assert f"{np.percentile(result.scores, q):.2f}" in cells
        for figure in (result.mean, result.harmonic_mean, result.min, result.max, result.stddev):
            assert f"{figure:.2f}" in cells
        assert str(worst) in cells
        assert curve.label in cells
    assert page.texts["b"] == [f"{c.result.mean:.2f}" for c in curves]
    assert {"CRF", "kbit/s", "mean", "p5", "std dev"} <= set(page.texts["th"])
    assert "ab" * 32 in cells  # the model's digest, among how it was measured


def test_the_page_is_self_contained(tmp_path: Path) -> None:
    page = _page(tmp_path / "plot.html", _curves(), thumbnails=_thumbnails())
    text = (tmp_path / "plot.html").read_text("utf-8")
    outside = re.sub(r"http://www\.w3\.org/2000/svg", "", text)
    assert not re.search(r"https?:|url\(|@import|//[a-z]+\.", outside)
    for _, attributes in page.elements:
        assert "href" not in attributes
        assert attributes.get("src", "data:").startswith("data:")
        assert not any(name.startswith("on") for name in attributes)
    policy = page.find("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]
    assert policy.startswith("default-src 'none';")


def test_nothing_that_users_give_becomes_markup(tmp_path: Path) -> None:
    tame = _page(tmp_path / "tame.html", [Curve("x", drawn_result(5), {"k": "v"}, bitrate=9)])
    result = drawn_result(5, reference=NASTY, distorted=NASTY, model_id=NASTY, engine=NASTY)
    nasty = _page(
        tmp_path / "nasty.html", [Curve(NASTY, result, {NASTY: NASTY}, bitrate=9)], title=NASTY
    )
    seen = NASTY.replace("\udcff", r"\udcff")
    assert [tag for tag, _ in nasty.elements] == [tag for tag, _ in tame.elements]
    assert nasty.texts["h1"] == nasty.texts["title"][:1] == [seen]
    assert seen in nasty.texts["td"]
    assert seen in nasty.texts["th"]
    assert json.loads(nasty.texts["script"][0])["curves"][0]["label"] == NASTY


def test_rate_and_quality_needs_two_bitrates(tmp_path: Path) -> None:
    curves = _curves()
    page = _page(tmp_path / "plot.html", curves)
    assert len(page.find("svg", id="rate")) == 1
    # A mean (filled) and a 5th percentile (open) for each curve, joined by two lines.
    assert len(page.find("circle", **{"class": "open"})) == 3
    assert len(page.find("path", **{"class": "rate mean"})) == 1
    assert len(page.find("path", **{"class": "rate fifth"})) == 1
    for few in ([curves[0]], [Curve(curve.label, curve.result) for curve in curves]):
        assert not _page(tmp_path / "plot.html", few).find("svg", id="rate")


def test_axes_say_what_they_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = _page(tmp_path / "plot.html", _curves())
    assert page.texts["h2"][0] == "VMAF (some_model) over frames"
    assert page.texts["text"].count("VMAF (some_model)") == 2  # rate and quality, distribution
    shown: list[str] = []
    plain = Axes.text

    def text(self: Axes, x: float, y: float, s: str, **look: Any) -> object:
        shown.append(s)
        return plain(self, x, y, s, **look)

    monkeypatch.setattr(Axes, "text", text)
    save_plot(_curves(), tmp_path / "plot.png")
    assert shown.count("VMAF (some_model)") == 2


def test_long_clips_are_drawn_as_means_with_bands(tmp_path: Path) -> None:
    page = _page(tmp_path / "plot.html", [Curve("long", drawn_result(20_000))])
    assert len(page.find("path", **{"class": "band"})) == 1
    assert any("mean of 14 frames" in text for text in page.texts["p"])
    data = json.loads(page.texts["script"][0])["curves"][0]
    assert len(data["mean"]) == len(data["low"]) == len(data["high"]) == 1429
    assert (tmp_path / "plot.html").stat().st_size < 250_000


def test_thumbnails_are_in_the_page(tmp_path: Path) -> None:
    thumbnails = _thumbnails()
    page = _page(tmp_path / "plot.html", _curves(), thumbnails=thumbnails)
    images = page.find("img")
    assert page.texts["figcaption"] == ["0", "20"]
    for thumbnail, attributes in zip(thumbnails, images, strict=True):
        encoded = attributes["src"].removeprefix("data:image/jpeg;base64,")
        assert _decoded(base64.b64decode(encoded)).shape[:2] == thumbnail.image.shape[:2]


def _decoded(data: bytes) -> NDArray[np.uint8]:
    with av.open(io.BytesIO(data), mode="r") as container:
        frame = next(container.decode(video=0))
    return frame.to_ndarray(format="rgb24").astype(np.uint8)


@pytest.mark.parametrize("size", [(36, 64), (37, 51), (1, 1)])
def test_jpeg_keeps_the_picture(size: tuple[int, int]) -> None:
    y, x = np.mgrid[0 : size[0], 0 : size[1]]
    color = np.stack([x * 3, y * 5, 255 - x * 2], axis=-1).astype(np.uint8)
    for image in (color, color[..., 1], color[:, ::-1]):
        shown = image if image.ndim == 3 else np.repeat(image[..., None], 3, axis=-1)
        difference = _decoded(jpeg(image)).astype(int) - shown
        assert np.abs(difference).mean() < 4


@pytest.mark.parametrize("kind", PICTURES)
def test_every_kind_of_picture_of_every_shape_of_data(tmp_path: Path, kind: str) -> None:
    shapes = {
        "one frame": _curves(2, frames=1),
        "equal": [Curve("same", sample_result(np.full(9, 97.42842209), np.ones((9, 6))))],
        "many": _curves(16, frames=5),
        "unequal": [Curve("a", drawn_result(5)), Curve("b", drawn_result(50, step=3))],
        "same rate": [Curve(str(i), drawn_result(9, i), bitrate=500) for i in range(2)],
        "nasty": [Curve(PLAIN_NASTY, drawn_result(9, reference=PLAIN_NASTY), bitrate=5)],
    }
    sizes = {}
    for name, curves in shapes.items():
        path = tmp_path / f"{name}.{kind}"
        metric = "motion2" if name == "equal" else "vmaf"
        save_plot(curves, path, title=name, metric=metric, thumbnails=_thumbnails())
        sizes[name] = path.stat().st_size
    assert min(sizes.values()) > 5000
    assert sorted(tmp_path.iterdir()) == sorted(tmp_path / f"{name}.{kind}" for name in shapes)


def test_png_shows_the_curves_in_their_colors(tmp_path: Path) -> None:
    save_plot(_curves(2), tmp_path / "plot.png")
    save_plot(_curves(1), tmp_path / "one.png")
    pictures = [matplotlib.image.imread(tmp_path / name) for name in ("plot.png", "one.png")]
    assert pictures[0].shape[:2] == (1200, 1800)
    first, second = (np.array(mpl.colors.to_rgb(c)) for c in ("#0064b0", "#cf4006"))
    painted = [
        [(np.abs(picture[..., :3] - color).max(axis=-1) < 0.02).sum() for color in (first, second)]
        for picture in pictures
    ]
    assert min(painted[0]) > 2000
    assert painted[1][0] > 2000
    assert painted[1][1] == 0


def test_svg_is_well_formed(tmp_path: Path) -> None:
    save_plot(_curves(), tmp_path / "plot.SVG", title=PLAIN_NASTY)
    assert ET.parse(tmp_path / "plot.SVG").getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_matplotlibs_global_state_is_left_alone(tmp_path: Path, run_python: RunPython) -> None:
    told = run_python(
        f"""
        import matplotlib
        before = matplotlib.rcParams.copy()
        from sample_results import drawn_result
        from pyvmaf_tiny.report import Curve, save_plot
        for kind in ("png", "svg"):
            save_plot([Curve("a", drawn_result(9))], f"{tmp_path}/plot.{{kind}}")
        print(matplotlib.rcParams.copy() == before, "matplotlib.pyplot" in sys.modules)
        """
    )
    assert told.split() == ["True", "False"]


def test_the_page_needs_no_extra(tmp_path: Path, run_python: RunPython) -> None:
    loaded = run_python(
        f"""
        from sample_results import drawn_result
        from pyvmaf_tiny.report import Curve, save_plot
        save_plot([Curve("a", drawn_result(9))], "{tmp_path}/plot.html")
        print(sorted({{"matplotlib", "pandas", "pyarrow", "rich"}} & set(sys.modules)))
        """
    )
    assert loaded.strip() == "[]"
    assert (tmp_path / "plot.html").exists()


def test_without_matplotlib_the_error_names_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_package(monkeypatch, "matplotlib")
    for kind in ("png", "svg"):
        with pytest.raises(OptionError, match=r'pip install "pyvmaf-tiny\[plot\]"'):
            save_plot(_curves(), tmp_path / f"plot.{kind}")
    assert list(tmp_path.iterdir()) == []


def test_unknown_suffixes_name_the_known(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"'\.pdf', expected one of png, svg, html"):
        save_plot(_curves(), tmp_path / "plot.pdf")


def test_without_a_model_a_feature_can_be_drawn(tmp_path: Path) -> None:
    curves = [Curve("features", sample_result(None, draw(20)[1], model_id=None))]
    page = _page(tmp_path / "plot.html", curves, metric="adm2")
    assert "adm2 over frames" in page.texts["h2"]
    with pytest.raises(OptionError, match="without a model"):
        save_plot(curves, tmp_path / "plot.html")
