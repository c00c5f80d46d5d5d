"""Misspelt parameters are named, wherever they come from."""

import pytest
import rclpy

from pose_ros.ros.gesture_node import GestureNode
from pose_ros.ros.unknown_parameters import unknown_text, warn_of_unknown

pytestmark = pytest.mark.ros

FILE = """
/**:
  ros__parameters:
    gestrues: wave      # misspelt
    show: none          # of marker_node
    qos_overrides./parameter_events.publisher.depth: 10
gesture_node:
  ros__parameters:
    exercise: squat
    graec: 1.0          # misspelt
    colour: red         # like none of ours
"""


def test_misspelt_names_of_the_command_line_and_of_files(ros_domain, tmp_path, capfd):
    path = tmp_path / 'parameters.yaml'
    path.write_text(FILE)
    context = rclpy.Context()
    arguments = ['--ros-args', '-p', 'excercise:=lunge', '--params-file', str(path)]
    rclpy.init(args=arguments, context=context)
    node = GestureNode(context=context)
    capfd.readouterr()
    warn_of_unknown(node)
    lines = capfd.readouterr().err.splitlines()
    log = [line.partition(' ')[0] + line.partition(']: ')[2] for line in lines]
    node.destroy_node()
    context.shutdown()
    assert log == [
        '[INFO]parameters of other nodes are ignored here: show',
        '[WARN]unknown parameter colour is ignored',
        '[WARN]unknown parameter excercise is ignored; did you mean exercise?',
        '[WARN]unknown parameter gestrues is ignored; did you mean gestures?',
        '[WARN]unknown parameter graec is ignored; did you mean grace?',
    ]


def test_a_node_without_mistakes_says_nothing(ros, capfd):
    node = ros.start(GestureNode, grace=0.7, use_sim_time=False)
    capfd.readouterr()
    warn_of_unknown(node)
    assert capfd.readouterr().err == ''


def test_the_nearest_name():
    assert unknown_text('modle', ['mode', 'model']).endswith('; did you mean model?')
    assert unknown_text('zzz', ['mode', 'model']) == 'unknown parameter zzz is ignored'
