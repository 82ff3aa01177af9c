"""What the tests of pages share."""

from browser import browser as browser
