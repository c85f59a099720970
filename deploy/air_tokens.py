"""Takes the design tokens that the style sheets use out of Bitrix24's published package.

    npm pack @bitrix24/b24ui-nuxt@<version> && tar xzf bitrix24-b24ui-nuxt-<version>.tgz
    .venv/bin/python -m deploy.air_tokens package > static/vendor/b24ui-nuxt-<version>/air.css

Names and values stay as published. Where the dark theme has another value, both stand in ``light-dark()``.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STYLE_SHEETS = Path(__file__).parents[1] / "static" / "css"
_TOKENS = Path("dist/runtime/air-design-tokens")
# The package's own order: what comes later in the cascade wins.
_EVERYWHERE = ("008_ui_global.css", "001_b24_global.css", "007_b24_global.css")
_LIGHT = "003_b24_context_light.css"
_DARK = "004_b24_context_dark.css"
_INDEX = "index.css"

_DECLARATION = re.compile(r"(--[\w-]+):([^;}]+)")
_USE = re.compile(r"var\((--ui-[\w-]+)")


def used_in(sheets: Iterable[str]) -> set[str]:
    """Return the names of Bitrix24's tokens that these style sheets use."""
    return {name for sheet in sheets for name in _USE.findall(sheet)}


def own_sheets() -> list[str]:
    """Return the text of every style sheet of this application."""
    return [sheet.read_text() for sheet in sorted(STYLE_SHEETS.glob("*.css"))]


def chosen(names: Iterable[str], light: Mapping[str, str], dark: Mapping[str, str]) -> dict[str, str]:
    """Return the declarations of ``names`` and of all that they refer to, by name.

    Raises ``KeyError`` for a name that the package does not have.
    """
    found: dict[str, str] = {}
    waiting = sorted(set(names), reverse=True)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        by_day, by_night = light[name], dark.get(name, light[name])
        found[name] = by_day if by_day == by_night else f"light-dark({by_day}, {by_night})"
        waiting += sorted(used_in([by_day, by_night]) - set(found), reverse=True)
    return dict(sorted(found.items()))


def _declared(sheets: Iterable[Path]) -> dict[str, str]:
    return {
        name: value.strip() for sheet in sheets for name, value in _DECLARATION.findall(sheet.read_text())
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the design tokens in use as one style sheet.")
    parser.add_argument("package", type=Path, help="the folder of the unpacked package")
    package: Path = parser.parse_args().package
    told = json.loads((package / "package.json").read_text())
    tokens = package / _TOKENS
    everywhere = _declared(tokens / sheet for sheet in (_INDEX, *_EVERYWHERE))
    light = everywhere | _declared([tokens / _LIGHT])
    dark = light | _declared([tokens / _DARK])
    lines = [
        f"/* {told['name']} {told['version']}, {told['license']} (LICENSE): those of its design tokens",
        "   that are in use. Made by deploy/air_tokens.py, not by hand. */",
        ":root {",
        *(f"  {name}: {value};" for name, value in chosen(used_in(own_sheets()), light, dark).items()),
        "}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
