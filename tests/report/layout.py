"""Looks at a page as a reader would: in a browser, at a width, in light or dark, or printed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

#: The first of these that is installed.
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking",
              "--disable-component-update", "--disable-sync", "--no-first-run")
#: Of text against what is behind it (WCAG 2, AA).
LEAST_CONTRAST = 4.5

# Every visible text: is it inside the page, its own block, whatever clips it, and its drawing; do
# two texts of a drawing run into each other; does it stand out from what is behind it?
PROBLEMS = """
(leastContrast) => {
  const found = [];
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width)
    found.push(`page: ${document.documentElement.scrollWidth} px wide on ${width} px`);
  const say = (what, text) => found.push(`${what}: ${text.trim().slice(0, 60)}`);
  const styleOf = (element) => getComputedStyle(element);
  const up = function* (element) {
    for (let one = element; one; one = one.parentElement) yield one;
  };
  const inside = (rect, box, slack = 1) =>
    rect.left >= box.left - slack && rect.right <= box.right + slack;
  const upright = (rect, box, slack = 1.5) =>
    rect.top >= box.top - slack && rect.bottom <= box.bottom + slack;

  const rgba = (text) => {
    const numbers = (text.match(/-?[0-9.]+(e-?[0-9]+)?/g) || []).map(Number);
    if (text.startsWith("color(srgb"))
      return [...numbers.slice(0, 3).map((one) => one * 255), numbers[3] ?? 1];
    return text.startsWith("rgb") ? [...numbers.slice(0, 3), numbers[3] ?? 1] : [0, 0, 0, 0];
  };
  const over = (top, below) => top.slice(0, 3).map(
    (one, place) => one * top[3] + below[place] * (1 - top[3]));
  const brightness = (color) => {
    const [red, green, blue] = color.map((one) => {
      const share = one / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [low, high] = [brightness(one), brightness(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (element, rect) => {
    const layers = [];
    const drawing = element.closest("svg");
    if (drawing) {
      const [x, y] = [(rect.left + rect.right) / 2, (rect.top + rect.bottom) / 2];
      for (const shape of drawing.querySelectorAll("path, rect")) {
        const box = shape.getBoundingClientRect(), style = styleOf(shape);
        if (style.fill === "none" || shape.closest("defs") || x < box.left || x > box.right ||
            y < box.top || y > box.bottom) continue;
        const fill = rgba(style.fill);
        layers.unshift([...fill.slice(0, 3), fill[3] * Number(style.opacity) *
                        Number(style.fillOpacity)]);
      }
    }
    for (const one of up(element)) layers.push(rgba(styleOf(one).backgroundColor));
    return layers.reduceRight((below, top) => over(top, below), [255, 255, 255]);
  };

  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const drawn = new Map();
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || ["STYLE", "SCRIPT", "TITLE"].includes(element.tagName) ||
        !element.checkVisibility({ visibilityProperty: true })) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const rects = [...range.getClientRects()].filter((rect) => rect.width && rect.height);
    const drawing = element.closest("svg");
    const block = drawing || [...up(element)].find(
      (one) => !["inline", "contents"].includes(styleOf(one).display));
    const scrolled = [...up(element)].filter(
      (one) => one !== document.documentElement && styleOf(one).overflowX !== "visible");
    for (const rect of rects) {
      if (!inside(rect, block.getBoundingClientRect()))
        say(`out of its ${block.tagName.toLowerCase()}`, node.data);
      let scrolls = false;
      for (const box of scrolled) {
        const frame = box.getBoundingClientRect();
        if (["auto", "scroll"].includes(styleOf(box).overflowX)) {
          scrolls = true;
          const start = frame.left - box.scrollLeft;
          if (rect.left < start - 1 || rect.right > start + box.scrollWidth + 1)
            say("beyond what scrolls", node.data);
        } else if (!inside(rect, frame) || !upright(rect, frame)) say("cut off", node.data);
      }
      if (!scrolls && (rect.left < -0.5 || rect.right > width + 0.5))
        say("beyond the page", node.data);
    }
    if (!rects.length) continue;
    if (drawing) {
      const whole = element.getBoundingClientRect();
      drawn.set(drawing, [...(drawn.get(drawing) || []), [whole, node.data]]);
    }
    const style = styleOf(element), below = behind(element, rects[0]);
    const ink = over(rgba(drawing ? style.fill : style.color), below);
    const ratio = contrast(ink, below);
    if (ratio < leastContrast) say(`contrast ${ratio.toFixed(2)}`, node.data);
  }
  for (const texts of drawn.values())
    texts.forEach(([one, said], place) => texts.slice(place + 1).forEach(([other, also]) => {
      const across = Math.min(one.right, other.right) - Math.max(one.left, other.left);
      const down = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
      if (across > 1 && down > 3) say("runs into another text", `${said} / ${also}`);
    }));
  for (const table of document.querySelectorAll("table")) {
    const scroller = [...up(table)].find(
      (one) => ["auto", "scroll"].includes(styleOf(one).overflowX));
    if (!scroller && table.getBoundingClientRect().right > width + 0.5)
      say("table beyond the page", table.innerText);
  }
  return [...new Set(found)];
}
"""


@dataclass
class Seen:
    """A page that is open, and what it did: every address it asked for, every error."""

    page: Any
    asked: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def problems(self, least_contrast: float = LEAST_CONTRAST) -> list[str]:
        """What is cut off, runs into something or is too pale, one line each."""
        found: list[str] = self.page.evaluate(PROBLEMS, least_contrast)
        return found


def executable() -> str:
    """The system's browser; a test without one is skipped."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("no browser: none of " + ", ".join(BROWSERS) + " is installed")
    return found


@contextmanager
def browser() -> Iterator[Any]:
    """Chromium without a window."""
    path = executable()
    from playwright.sync_api import sync_playwright
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(_ARGUMENTS))
        yield opened
        opened.close()


@contextmanager
def opened(chromium: Any, file: Path, width: int, scheme: str) -> Iterator[Seen]:
    """A page at a width, in a colour scheme, as it opens."""
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    seen = Seen(page)
    page.on("request", lambda request: seen.asked.append(request.url))
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("console", lambda message: seen.errors.append(message.text)
            if message.type in ("error", "warning") else None)
    page.goto(file.as_uri(), wait_until="load")
    yield seen
    page.close()


def unfold(page: Any) -> None:
    """Open every part that is folded."""
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")


def picture(seen: Seen, folder: Path, name: str) -> Path:
    """A picture of the whole page, also where NIGHTLIST_SCREENSHOTS names a folder."""
    path = folder / f"{name}.png"
    seen.page.screenshot(path=str(path), full_page=True)
    if kept := os.environ.get("NIGHTLIST_SCREENSHOTS"):
        Path(kept).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, Path(kept) / path.name)
    return path
