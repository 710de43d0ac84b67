"""Refresh what the console takes from npm packages: `.venv/bin/python tools/vendor.py`.

Each package is packed by the machine's own npm, the few files that are used are copied with their
licence, and SHA256SUMS is written beside them; a test compares. Nobody needs npm to build or run.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "src" / "campana" / "web" / "console" / "static"
TESTS = ROOT / "tests" / "browser" / "vendor"

# Package and version: where its files go, and the files that are used, each by its new name.
PACKAGES = {
    "htmx.org@4.0.1": (
        STATIC / "vendor" / "htmx-4.0.1",
        {
            "dist/htmx.min.js": "htmx.min.js",
            "dist/ext/hx-sse.min.js": "hx-sse.min.js",
            "dist/ext/hx-csp.min.js": "hx-csp.min.js",
            "LICENSE": "LICENSE",
        },
    ),
    "@tabler/core@1.6.1": (
        STATIC / "vendor" / "tabler-1.6.1",
        {"dist/css/tabler.min.css": "tabler.min.css"},
    ),
    "uplot@1.6.32": (
        STATIC / "vendor" / "uplot-1.6.32",
        {
            "dist/uPlot.iife.min.js": "uPlot.iife.min.js",
            "dist/uPlot.min.css": "uPlot.min.css",
            "LICENSE": "LICENSE",
        },
    ),
    "@dagrejs/dagre@3.1.3": (
        STATIC / "vendor" / "dagre-3.1.3",
        {
            "dist/dagre.min.js": "dagre.min.js",
            "dist/dagre.min.js.LEGAL.txt": "dagre.min.js.LEGAL.txt",
            "LICENSE": "LICENSE",
        },
    ),
    "@fontsource-variable/inter@5.3.0": (
        STATIC / "vendor" / "inter-5.3.0",
        {"files/inter-latin-wght-normal.woff2": "inter-latin.woff2", "LICENSE": "LICENSE"},
    ),
    "@tabler/icons@3.52.0": (STATIC / "vendor" / "icons-3.52.0", {"LICENSE": "LICENSE"}),
    "axe-core@4.14.1": (TESTS / "axe-4.14.1", {"axe.min.js": "axe.min.js", "LICENSE": "LICENSE"}),
}
TABLER = "@tabler/core@1.6.1"
# Its package names its licence and leaves out the text.
TABLER_LICENSE = """\
MIT License

Copyright (c) 2018-2026 The Tabler Authors
Copyright (c) 2018-2026 codecalm.net Paweł Kuna

"""
PERMISSION = """\
Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""
ICONS = "@tabler/icons@3.52.0"
ICON_USE = re.compile(
    r"icon\(['\"]([a-z0-9-]+)['\"]\)|Entry\([^,]*, marked\([^)]*\), \"([a-z0-9-]+)\""
    r"|call empty\([^%]*, ['\"]([a-z0-9-]+)['\"]\)"
)


def main() -> None:
    """Pack, copy, sum."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("tools/vendor.py: npm is not on the PATH.")
    for package, (folder, files) in PACKAGES.items():
        with tempfile.TemporaryDirectory() as scratch:
            source = unpacked(npm, package, Path(scratch))
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            for name, new in files.items():
                shutil.copyfile(source / name, folder / new)
            if package == TABLER:
                (folder / "LICENSE").write_text(TABLER_LICENSE + PERMISSION, encoding="utf-8")
            if package == ICONS:
                (folder / "icons.svg").write_text(sprite(source), encoding="utf-8")
    for folder in (STATIC / "vendor", TESTS):
        write_sums(folder)


def unpacked(npm: str, package: str, scratch: Path) -> Path:
    """The package's files."""
    made = subprocess.run(
        [npm, "pack", "--silent", "--json", package],
        cwd=scratch,
        check=True,
        capture_output=True,
        text=True,
    )
    archive = scratch / json.loads(made.stdout)[0]["filename"]
    with tarfile.open(archive) as opened:
        opened.extractall(scratch, filter="data")
    return scratch / "package"


def icons() -> list[str]:
    """Names of the icons that the pages show."""
    console = STATIC.parent
    texts = [path.read_text("utf-8") for path in sorted(console.rglob("*.html"))]
    texts += [path.read_text("utf-8") for path in sorted(console.glob("*.py"))]
    return sorted({"".join(found) for text in texts for found in ICON_USE.findall(text)})


def sprite(source: Path) -> str:
    """One file of the icons that the pages name."""
    symbols: list[str] = []
    for name in icons():
        svg = (source / "icons" / "outline" / f"{name}.svg").read_text("utf-8")
        inner = re.sub(r"<!--.*?-->|</?svg[^>]*>", "", svg, flags=re.DOTALL)
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24">{" ".join(inner.split())}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def write_sums(folder: Path) -> None:
    """SHA256SUMS of all files below a folder."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "SHA256SUMS"
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
