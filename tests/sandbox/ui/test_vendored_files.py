"""The libraries under static/vendor/ are what their table says, byte for byte."""

from __future__ import annotations

import hashlib
from pathlib import Path

VENDOR = Path(__file__).parents[3] / "static" / "vendor"
UPSTREAM_SDK_SHA256 = "ae9f7186ad7b36a9e138e346d03d90dac5b3ce35679c0836ea11f4c04346d1ec"
REMOVED_LAST_LINE = b"//# sourceMappingURL=index.min.js.map\n"


def listed_sums() -> dict[str, str]:
    """Path under static/vendor/ to sha256, as checksums.txt lists them (sha256sum's format)."""
    lines = (VENDOR / "checksums.txt").read_text().splitlines()
    return {path: digest for digest, path in (line.split("  ", 1) for line in lines)}


def test_every_listed_file_has_the_listed_sum() -> None:
    for path, digest in listed_sums().items():
        assert hashlib.sha256((VENDOR / path).read_bytes()).hexdigest() == digest, path


def test_every_file_is_listed() -> None:
    present = {path.relative_to(VENDOR).as_posix() for path in VENDOR.glob("*/**/*") if path.is_file()}
    assert present == set(listed_sums())


def test_every_library_comes_with_its_licence() -> None:
    folders = [path for path in VENDOR.iterdir() if path.is_dir()]
    assert folders
    for folder in folders:
        assert (folder / "LICENSE").stat().st_size > 200, folder


def test_the_table_names_the_same_sums() -> None:
    table = (VENDOR / "README.md").read_text()
    for path, digest in listed_sums().items():
        if not path.endswith("LICENSE"):
            assert f"`{path}` | `{digest}`" in table


def test_the_sdk_is_the_published_one_but_for_its_source_map_line() -> None:
    sdk = (VENDOR / "b24jssdk-2.2.0" / "b24jssdk.umd.min.js").read_bytes()
    assert hashlib.sha256(sdk + REMOVED_LAST_LINE).hexdigest() == UPSTREAM_SDK_SHA256
