"""What a browser is asked about how something looks."""

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

# https://www.deque.com/axe/core-documentation/api-documentation/#axecore-tags
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


async def found_by_axe(page: Page, *further_rules: str) -> list[str]:
    """Return what axe says keeps people from using the page: against WCAG 2.2 AA, or against further rules of its."""
    results = await Axe().run(page, options={"runOnly": [*WCAG, *further_rules]})
    return [
        f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']]}"
        for one in results.response["violations"]
    ]


# Chromium clips what a phone would scroll, so every box is asked where it ends.
CUT_OFF = """() => [...document.querySelectorAll("td, p, a, h1")]
  .filter(element => element.checkVisibility())
  .filter(element => element.getBoundingClientRect().right > innerWidth || element.getBoundingClientRect().left < 0)
  .map(element => element.textContent)"""

# Words of a button that don't fit into it.
SPILLED = """() => [...document.querySelectorAll(".button a, button")]
  .filter(button => button.scrollWidth > button.clientWidth || button.scrollHeight > button.clientHeight)
  .map(button => button.textContent)"""

CONTRAST = """
  const channels = color => color.match(/[\\d.]+/g).map(Number);
  const light = color => channels(color).slice(0, 3).map(value => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }).reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = element => {
    for (; element; element = element.parentElement) {
      const color = getComputedStyle(element).backgroundColor;
      if ((channels(color)[3] ?? 1) > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const contrast = (...colors) => {
    const [darker, lighter] = colors.map(light).sort((one, two) => one - two);
    return (lighter + 0.05) / (darker + 0.05);
  };
"""

# Of every text with what is behind it.
WEAKEST_CONTRAST = (
    f"""() => {{ {CONTRAST}"""
    """
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let weakest = { ratio: 99 };
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !element.checkVisibility({ opacityProperty: true })) continue;
    const ratio = contrast(getComputedStyle(element).color, behind(element));
    if (ratio < weakest.ratio) weakest = { ratio, text: walker.currentNode.textContent };
  }
  return weakest;
}"""
)

# Of a button's edge, with what is around the button.
EDGE_CONTRAST = (
    f"""element => {{ {CONTRAST}"""
    """
  return contrast(getComputedStyle(element).borderTopColor, behind(element.parentElement));
}"""
)

# Of what is written in place of a picture, with what the picture stands on.
ALT_CONTRAST = (
    f"""element => {{ {CONTRAST}"""
    """
  return contrast(getComputedStyle(element).color, behind(element));
}"""
)
