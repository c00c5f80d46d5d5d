"""config/foxglove_layout.json shows topics, fields and angles that exist."""

import json
import re

import pytest
from topic_table import NODES

from pose_ros.core.resources import config_file
from pose_ros.ros.labels import ANGLES
from pose_ros.ros.motion_outputs import TOPICS

pytestmark = pytest.mark.ros

LAYOUT = json.loads(config_file('foxglove_layout.json').read_text(encoding='utf-8'))
PANELS = LAYOUT['configById']
PUBLISHED = {topic.lstrip('/') for node in NODES.values() for topic in node.publishes}


def texts(value):
    """All texts in a configuration, keys among them."""
    if isinstance(value, dict):
        return [text for pair in value.items() for part in pair for text in texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in texts(part)]
    return [value] if isinstance(value, str) else []


def shown(node):
    """Panels in a part of the arrangement."""
    return [node] if isinstance(node, str) else [*shown(node['first']), *shown(node['second'])]


def test_each_panel_is_shown_once():
    assert sorted(shown(LAYOUT['layout'])) == sorted(PANELS)


def test_topics_are_published():
    topics = {re.match(r'/(\w+)', text)[1] for text in texts(PANELS) if text.startswith('/')}
    assert topics <= PUBLISHED
    assert {'image', 'skeleton_markers', 'image_annotations', 'diagnostics', 'falls'} <= topics


@pytest.mark.parametrize('path', [text for text in texts(PANELS) if re.match(r'/\w+[.{]', text)])
def test_paths_lead_to_fields_of_the_person(path):
    pattern = r'/(\w+)\{(\w+)==\$person\}\.(\w+)(?:\[\d+\])?'
    topic, person, field = re.fullmatch(pattern, path).groups()
    fields = TOPICS[topic].kind.get_fields_and_field_types()
    assert {person, field} <= fields.keys()
    assert LAYOUT['globalVariables'] == {'person': 1}


def test_curves_are_those_of_their_labels():
    plots = [panel for name, panel in PANELS.items() if name.startswith('Plot!')]
    for curve in (curve for panel in plots for curve in panel['paths']):
        (index,) = re.findall(r'\[(\d+)\]', curve['value'])
        assert ANGLES[int(index)] == curve['label']
        assert curve['enabled']
