"""Relative links between the pages of the documentation lead to existing files and headings."""

from __future__ import annotations

from pathlib import Path
import re

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    (*ROOT.glob('*.md'), *ROOT.glob('docs/**/*.md'), *ROOT.glob('examples/*.md')),
)
LINK = re.compile(r'\]\(([^)\s]+)\)')


def _text(page: Path) -> str:
    return re.sub(r'```.*?```', '', page.read_text(encoding='utf-8'), flags=re.DOTALL)


def _anchors(page: Path) -> set[str]:
    """Anchors of the headings, as GitHub makes them."""
    headings = re.findall(r'^#+ (.*)$', _text(page), re.MULTILINE)
    return {re.sub(r'[^\w\- ]', '', h.lower()).replace(' ', '-') for h in headings}


@pytest.mark.parametrize('page', PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_resolves(page):
    for link in LINK.findall(_text(page)):
        if '://' in link:
            continue
        path, _, anchor = link.partition('#')
        target = page.parent / path if path else page
        assert target.exists(), link
        if anchor:
            assert anchor in _anchors(target), link
