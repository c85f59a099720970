"""The libraries under static/vendor/ and tests/vendor/ are what their tables say, byte for byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
VENDOR = ROOT / "static" / "vendor"
UPSTREAM_SDK_SHA256 = "ae9f7186ad7b36a9e138e346d03d90dac5b3ce35679c0836ea11f4c04346d1ec"
REMOVED_LAST_LINE = b"//# sourceMappingURL=index.min.js.map\n"

of_each_place = pytest.mark.parametrize(
    "place", [VENDOR, ROOT / "tests" / "vendor"], ids=["of the product", "of the tests"]
)


def listed_sums(place: Path) -> dict[str, str]:
    """Path under ``place`` to sha256, as its checksums.txt lists them (sha256sum's format)."""
    lines = (place / "checksums.txt").read_text().splitlines()
    return {path: digest for digest, path in (line.split("  ", 1) for line in lines)}


@of_each_place
def test_every_listed_file_has_the_listed_sum(place: Path) -> None:
    for path, digest in listed_sums(place).items():
        assert hashlib.sha256((place / path).read_bytes()).hexdigest() == digest, path


@of_each_place
def test_every_file_is_listed(place: Path) -> None:
    present = {path.relative_to(place).as_posix() for path in place.glob("*/**/*") if path.is_file()}
    assert present == set(listed_sums(place))


@of_each_place
def test_every_library_comes_with_its_licence(place: Path) -> None:
    folders = [path for path in place.iterdir() if path.is_dir()]
    assert folders
    for folder in folders:
        assert (folder / "LICENSE").stat().st_size > 200, folder


@of_each_place
def test_the_table_names_the_same_sums(place: Path) -> None:
    table = (place / "README.md").read_text()
    for path, digest in listed_sums(place).items():
        if "LICENSE" not in path:
            assert f"`{path}` | `{digest}`" in table


def test_the_sdk_is_the_published_one_but_for_its_source_map_line() -> None:
    sdk = (VENDOR / "b24jssdk-2.2.0" / "b24jssdk.umd.min.js").read_bytes()
    assert hashlib.sha256(sdk + REMOVED_LAST_LINE).hexdigest() == UPSTREAM_SDK_SHA256
