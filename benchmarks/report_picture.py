"""Take the README's picture: the top of the report that examples/celeba_ae_vs_vae.py wrote.

Run ``python benchmarks/report_picture.py ae_vs_vae/report.html --write docs/images/report.png``;
needs Chromium, which Playwright (extra ``test``) drives.
"""

import argparse
import io
import shutil
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

WIDTH = 1200  # pixels


def main() -> None:
    """Open the page, find the headline, and save what it shows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("report", type=Path)
    parser.add_argument("--write", metavar="PATH", required=True)
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": 900}, color_scheme="light")
        page.goto(arguments.report.absolute().as_uri())
        shot = page.locator("#headline").screenshot()
        browser.close()
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(256).save(arguments.write, optimize=True)


if __name__ == "__main__":
    main()
