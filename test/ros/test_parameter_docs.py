"""Every parameter stands in docs/parameters.md and in the node's YAML file, as in its table."""

from pathlib import Path
import re

import pytest
import yaml

from pose_ros.core.resources import config_file
from pose_ros.ros.parameter_docs import COMMAND, TABLES, page, row, table
from pose_ros.ros.parameters import Parameter

PAGE = Path(__file__).resolve().parents[2] / 'docs/parameters.md'


def test_the_page_is_that_of_the_tables():
    hint = f'parameters have changed; write the page anew: tools/env.py {COMMAND}'
    assert PAGE.read_text(encoding='utf-8') == '\n'.join(page()), hint


@pytest.mark.parametrize('node', TABLES)
def test_the_file_of_a_node_has_all_parameters_with_their_defaults(node):
    content = yaml.safe_load(config_file(f'{node}.yaml').read_text(encoding='utf-8'))
    given = content[f'/**/{node}']['ros__parameters']
    assert given == {parameter.name: parameter.default for parameter in table(node)}


@pytest.mark.parametrize('node', TABLES)
def test_the_file_of_a_node_says_what_is_live(node):
    # The comment of a parameter goes on in the lines that hold nothing but a comment further in.
    text = config_file(f'{node}.yaml').read_text(encoding='utf-8')
    entries = dict(re.findall(r'^    (\w+):([^\n]*(?:\n {6,}#[^\n]*)*)', text, re.MULTILINE))
    told = {name for name, comment in entries.items() if re.search(r'\blive\b', comment)}
    assert told == {parameter.name for parameter in table(node) if parameter.live}


def test_no_choice_means_something_else_in_yaml():
    # off is false: `-p positions:=off` would be refused.
    choices = {choice for node in TABLES for p in table(node) for choice in p.choices}
    assert {choice for choice in choices if yaml.safe_load(str(choice)) != choice} == set()


def test_a_row_says_default_range_and_whether_it_is_live():
    parameter = Parameter('grace', 0.5, 'how long', 's', 0.2, 10.0, live=True)
    assert row(parameter) == ['`grace`', '`0.5`', '0.2 to 10.0 s', 'live', 'How long']
    path = Parameter('path', '', 'a file')
    assert row(path) == ['`path`', '`""`', 'text', '', 'A file']
    mode = Parameter('mode', 'one', 'whom', choices=('one', 'all'))
    assert row(mode)[2] == '`one`, `all`'
