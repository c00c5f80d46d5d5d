"""What GitHub, pre-commit and people who publish a copy read agrees with the rest."""

from __future__ import annotations

from pathlib import Path
import re

import yaml

ROOT = Path(__file__).parents[1]


def read(name):
    return (ROOT / name).read_text(encoding='utf-8')


def test_the_workflow_runs_what_contributing_says():
    jobs = yaml.safe_load(read('.github/workflows/ci.yml'))['jobs']
    commands = ' '.join(step.get('run', '') for job in jobs.values() for step in job['steps'])
    distributions = jobs['ros']['strategy']['matrix']['distribution']
    says = ' '.join(read('CONTRIBUTING.md').split())
    for command in ('make test', 'colcon build', 'colcon test'):
        assert command in commands
        assert f'`{command}`' in says
    *others, last = map(str.capitalize, distributions)
    assert f'in containers with {", ".join(others)} and {last}.' in says


def test_the_workflow_runs_programs_that_are_here():
    programs = re.findall(r'src/pose_ros/(tools/\S+)', read('.github/workflows/ci.yml'))
    assert programs
    assert all((ROOT / program).stat().st_mode & 0o100 for program in programs)


def test_pre_commit_runs_the_ruff_of_the_requirements():
    (repository,) = yaml.safe_load(read('.pre-commit-config.yaml'))['repos']
    assert f'ruff=={repository["rev"].removeprefix("v")}\n' in read('requirements/dev.txt')
    assert [hook['id'] for hook in repository['hooks']] == ['ruff-check', 'ruff-format']


def test_placeholders_are_listed_where_they_are_to_be_replaced():
    pages = [ROOT / 'README.md', *ROOT.glob('docs/*.md')]
    placeholder = '<this repository>'
    holders = {
        page.relative_to(ROOT).as_posix()
        for page in pages
        if placeholder in page.read_text(encoding='utf-8')
    }
    (says,) = (row for row in read('CONTRIBUTING.md').splitlines() if f'`{placeholder}`' in row)
    assert set(re.findall(r'[\w/]+\.md', says)) == holders
    assert ('| package.xml |' in read('CONTRIBUTING.md')) == ('.invalid"' in read('package.xml'))


def test_templates_have_what_github_asks_for():
    for path in (ROOT / '.github/ISSUE_TEMPLATE').glob('*.md'):
        _, head, body = path.read_text(encoding='utf-8').split('---\n', 2)
        assert {'name', 'about'} <= yaml.safe_load(head).keys()
        assert body.strip()
