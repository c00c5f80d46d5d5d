"""A node's parameters from their table: types, ranges, and changes while it runs."""

import re

import pytest
import rclpy
from rclpy.node import Node
from rclpy.parameter import Parameter as Value

from pose_ros.ros.parameters import Parameter, declare, expand_all

TABLE = (
    Parameter('threshold', 0.3, 'Minimum score', low=0.0, high=1.0, live=True),
    Parameter('padding', 1.25, 'Side of the crop over the box', low=1.0, live=True),
    Parameter('count', 2, 'Number of things', unit='things', low=0, high=9, live=True),
    Parameter('mode', 'slow', 'How', choices=('slow', 'fast'), live=True),
    Parameter('model', 'small', 'Name of the model'),
    Parameter('start', True, 'Whether to start'),
    Parameter('show', ('all',), 'What to show', choices=('all', 'bow', 'nod', 'wave'), live=True),
)


class TableNode(Node):
    """Nothing but the parameters."""

    def __init__(self, check=None, lifecycle=True, **arguments):
        super().__init__('table_node', **arguments)
        self.applied = []
        self.values = declare(
            self, TABLE, check=check, apply=self.applied.append, lifecycle=lifecycle
        )


def test_defaults_and_values_given_at_the_start(ros):
    node = ros.start(TableNode, threshold=0.7, mode='fast')
    assert (node.values.threshold, node.values.mode) == (0.7, 'fast')
    assert (node.values.count, node.values.start, node.values.model) == (2, True, 'small')


def test_an_integer_will_do_for_a_float(ros):
    node = ros.start(TableNode, padding=2)
    assert isinstance(node.values.padding, float)
    assert ros.set_parameter(node, 'threshold', 1).successful
    assert isinstance(node.values.threshold, float)


@pytest.mark.parametrize(
    ('name', 'value', 'reason'),
    [
        ('threshold', 1.5, 'threshold'),
        ('padding', 0.9, r'padding must be at least 1.0, got 0.9'),
        ('padding', float('nan'), 'padding must be finite'),
        ('padding', float('inf'), 'padding must be finite'),
        ('mode', 'medium', r"mode must be one of slow, fast, got 'medium'"),
        ('count', 10, 'count'),
        ('count', 1.5, 'count|type'),
        ('threshold', 'much', 'threshold must be of type float'),
        ('threshold', True, 'threshold must be of type float'),
    ],
)
def test_invalid_values_are_refused_with_the_reason(ros, name, value, reason):
    with pytest.raises(ValueError, match=f'{name}.*({reason})'):
        ros.start(TableNode, **{name: value})
    node = ros.start(TableNode)
    before = getattr(node.values, name)
    result = ros.set_parameter(node, name, value)
    assert not result.successful
    assert pytest.approx(before) == getattr(node.values, name)
    assert pytest.approx(node.get_parameter(name).value) == before
    assert re.search(reason, result.reason)
    assert not node.applied


def test_a_parameter_cannot_be_deleted(ros):
    node = ros.start(TableNode)
    for name in ('threshold', 'show'):
        [result] = node.set_parameters([Value(name, Value.Type.NOT_SET)])
        assert result.reason == f'{name} cannot be deleted: set a value'
        assert node.has_parameter(name)


def test_live_changes_are_applied_after_they_are_set(ros):
    node = ros.start(TableNode)
    assert ros.set_parameter(node, 'threshold', 0.5).successful
    assert node.values.threshold == 0.5
    assert node.applied == [frozenset({'threshold'})]


def test_several_values_at_once_are_set_all_or_none(ros):
    node = ros.start(TableNode)
    result = node.set_parameters_atomically(
        [Value('threshold', value=0.5), Value('padding', value=0.1)]
    )
    assert not result.successful
    assert node.values.threshold == 0.3


def test_fixed_values_can_be_set_until_configure(ros):
    node = ros.start(TableNode)
    assert ros.set_parameter(node, 'model', 'big').successful
    assert node.values.model == 'big'
    node.values.locked = True
    result = ros.set_parameter(node, 'model', 'bigger')
    assert not result.successful
    assert 'set it before configure' in result.reason
    assert node.values.model == 'big'
    assert ros.set_parameter(node, 'model', 'big').successful
    assert ros.set_parameter(node, 'count', 3).successful


def test_fixed_values_of_other_nodes_are_read_only(ros):
    node = ros.start(lambda **arguments: TableNode(lifecycle=False, **arguments))
    result = ros.set_parameter(node, 'model', 'big')
    assert not result.successful
    assert 'read-only' in result.reason


def test_a_check_sees_all_values_and_can_refuse(ros):
    def check(values):
        if values['threshold'] > 0.5 and values['mode'] == 'slow':
            raise ValueError('slow needs a threshold of 0.5 at most')

    node = ros.start(lambda **arguments: TableNode(check=check, **arguments))
    assert ros.set_parameter(node, 'threshold', 0.6).reason.startswith('slow needs')
    assert ros.set_parameter(node, 'mode', 'fast').successful
    assert ros.set_parameter(node, 'threshold', 0.6).successful


def test_names_of_others_are_accepted(ros):
    node = ros.start(TableNode)
    node.declare_parameter('of_a_plugin', 1)
    assert ros.set_parameter(node, 'of_a_plugin', 2).successful
    assert ros.set_parameter(node, 'use_sim_time', True).successful


def test_descriptors_say_meaning_unit_and_range(ros):
    node = ros.start(TableNode)
    count = node.describe_parameter('count')
    assert count.description == 'Number of things [things].'
    assert (count.integer_range[0].from_value, count.integer_range[0].to_value) == (0, 9)
    threshold = node.describe_parameter('threshold')
    assert threshold.floating_point_range[0].to_value == 1.0
    assert node.describe_parameter('mode').additional_constraints == 'one of slow, fast'
    assert 'Fixed once' in node.describe_parameter('model').description


def test_without_post_set_callbacks_values_are_applied_all_the_same(ros, monkeypatch):
    monkeypatch.delattr(Node, 'add_post_set_parameters_callback')
    node = ros.start(TableNode)
    assert ros.set_parameter(node, 'threshold', 0.5).successful
    assert not ros.set_parameter(node, 'padding', 0.5).successful
    assert (node.values.threshold, node.values.padding) == (0.5, 1.25)
    assert node.applied == [frozenset({'threshold'})]


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        ([], ('all',)),
        (['-p', 'show:=[wave, nod]'], ('wave', 'nod')),
        # rcl reads an empty array as a parameter without a type.
        (['-p', 'show:=[]'], ()),
        (['-p', "show:=['']"], ()),
        (['--params-file', 'empty.yaml'], ()),
    ],
)
def test_string_arrays_given_at_the_start(ros_domain, tmp_path, monkeypatch, arguments, expected):
    (tmp_path / 'empty.yaml').write_text('table_node: {ros__parameters: {show: []}}')
    monkeypatch.chdir(tmp_path)
    context = rclpy.Context()
    rclpy.init(args=['--ros-args', *arguments], context=context)
    node = TableNode(context=context)
    assert node.values.show == expected
    node.destroy_node()
    context.shutdown()


@pytest.mark.parametrize(
    ('value', 'expected'),
    [(['wave', 'nod'], ('wave', 'nod')), ([], ()), ([''], ()), (['', 'all'], ('all',))],
)
def test_string_arrays_can_be_set(ros, value, expected):
    node = ros.start(TableNode, show=['bow'])
    assert ros.set_parameter(node, 'show', value).successful
    assert node.values.show == expected


@pytest.mark.parametrize(
    ('value', 'reason'),
    [
        (['wave', 'dance'], "show must be any of all, bow, nod, wave; got 'dance'"),
        ('wave,nod', "show must be an array of strings, got 'wave,nod'"),
        ([1, 2], 'show must contain only strings, got 1'),
        (True, 'show must be an array of strings, got True'),
    ],
)
def test_the_wrong_entry_of_a_string_array_is_named(ros, value, reason):
    with pytest.raises(ValueError, match=f'parameter show: {reason}'):
        ros.start(TableNode, show=value)
    node = ros.start(TableNode)
    assert ros.set_parameter(node, 'show', value).reason == reason
    assert node.values.show == ('all',)
    assert node.get_parameter('show').value == ['all']


def test_all_is_every_known_name():
    known = ('wave', 'nod', 'bow')
    assert expand_all(('all',), known) == expand_all(('bow', 'all'), known) == set(known)
    assert expand_all(('wave', 'nod'), known) == {'wave', 'nod'}
    assert expand_all((), known) == frozenset()
