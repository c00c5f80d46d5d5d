"""docs/parameters.md and config/*_node.yaml are written from the parameter tables."""

from pathlib import Path
import re

import pytest
import yaml

from pose_ros.ros.parameter_docs import COMMAND, TABLES, files, node_yaml, row, table
from pose_ros.ros.parameters import Parameter

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize('name', files())
def test_a_file_is_that_of_the_tables(name):
    hint = f'parameters have changed; write the files anew: {COMMAND}'
    assert (ROOT / name).read_text(encoding='utf-8') == files()[name], hint


@pytest.mark.parametrize('node', TABLES)
def test_the_file_of_a_node_holds_the_defaults_and_explains_them(node):
    text = node_yaml(node)
    given = yaml.safe_load(text)[f'/**/{node}']['ros__parameters']
    assert given == {parameter.name: parameter.ros_default for parameter in table(node)}
    comments = re.findall(r'((?:^    #[^\n]*\n)+)    (\w+):', text, re.MULTILINE)
    comments = {name: ' '.join(comment.replace('#', '').split()) for comment, name in comments}
    for parameter in table(node):
        comment = comments[parameter.name]
        assert comment.startswith(' '.join(parameter.meaning.split()))
        assert comment.endswith('live') == parameter.live
        assert all(str(choice) in comment for choice in parameter.choices)


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
