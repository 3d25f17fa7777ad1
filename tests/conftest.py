"""What tests of several folders share: one browser, since Playwright runs once a process.

On the forge (CI is set) hypothesis looks at the same examples each time: a run says something
of the change and not of the dice. At a desk it goes on looking for new ones.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from playwright.sync_api import Browser, sync_playwright

settings.register_profile("forge", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("forge")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, without its own calls home, with a microphone that beeps."""
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    arguments += ["--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        yield browser
        browser.close()
