"""Words that have a plainer or established one in this field do not come back."""

from pathlib import Path
import re

ROOT = Path(__file__).parents[1]
PLACES = ('pose_ros', 'test', 'benchmarks', 'examples', 'launch', 'docs', 'config', 'msg', 'srv')
SUFFIXES = {'.py', '.md', '.yaml', '.msg', '.srv'}
# With the words to use instead.
WORDS = {
    r'film(s|ed|ing)?': 'video, frames',
    'somebody': 'a person, people',
    'nobody': 'no person, no subscribers',
    'thrice': 'three times',
    '(told|tells?|telling) of': 'publish, report, contain',
    'showreel': 'scene',
    '_?(least|most)_(?!common)[a-z_]+': 'min_, max_',
}


def test_plain_words():
    pages = [*ROOT.glob('*.md'), *(page for place in PLACES for page in (ROOT / place).rglob('*'))]
    found = []
    for page in pages:
        if page.suffix not in SUFFIXES or page == Path(__file__):
            continue
        for number, line in enumerate(page.read_text(encoding='utf-8').splitlines(), 1):
            for word, instead in WORDS.items():
                if match := re.search(rf'(?<!\w){word}(?!\w)', line, re.IGNORECASE):
                    place = f'{page.relative_to(ROOT)}:{number}'
                    found.append(f'{place}: {match.group()!r}, write {instead}')
    assert not found, '\n'.join(found)
