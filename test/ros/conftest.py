"""A ROS of its own for every test: domain, context, executor, and waiting for events."""

from collections.abc import Callable
import fcntl
import os
from pathlib import Path
import tempfile
import time

import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter

# Ports of domains up to 100 lie below those that the kernel gives to programs.
DOMAINS = range(1, 101)
DEADLINE = 15.0  # [s] for what should happen at once


@pytest.fixture
def ros_domain(monkeypatch):
    """A domain that no other test on this machine is in; also set for child processes."""
    start = os.getpid() + time.monotonic_ns() // 1000
    for offset in range(len(DOMAINS)):
        domain = DOMAINS[(start + offset) % len(DOMAINS)]
        path = Path(tempfile.gettempdir(), f'pose_ros_domain_{domain}.lock')
        lock = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        break
    else:
        pytest.fail('all ROS domains are in use')
    monkeypatch.setenv('ROS_DOMAIN_ID', str(domain))
    monkeypatch.setenv('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    yield domain
    os.close(lock)


class Ros:
    """A context in its own domain with a node to test from, all spun by `spin_until`.

    Attributes
    ----------
    domain
        ROS_DOMAIN_ID.
    context
        For nodes made by hand.
    node
        The tester's own node.
    """

    def __init__(self, domain: int) -> None:
        self.domain = domain
        self.context = Context()
        rclpy.init(args=[], context=self.context, domain_id=domain)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.node = self.add(rclpy.create_node('tester', context=self.context))

    def add(self, node):
        """Spin a node, too."""
        self.executor.add_node(node)
        return node

    def start(self, node_class: Callable, **parameters):
        """Make a node of this class with these parameters, and spin it."""
        overrides = [Parameter(name, value=value) for name, value in parameters.items()]
        return self.add(node_class(context=self.context, parameter_overrides=overrides))

    def remove(self, node):
        """Stop spinning a node and destroy it."""
        self.executor.remove_node(node)
        node.destroy_node()

    def spin_until(self, condition: Callable[[], object], what: str = '', deadline=DEADLINE):
        """Spin until the condition holds and return what it returned; fail at the deadline."""
        end = time.monotonic() + deadline
        while not (found := condition()):
            if time.monotonic() > end:
                pytest.fail(f'not within {deadline} s: {what or condition}')
            self.executor.spin_once(timeout_sec=0.05)
        return found

    def spin_for(self, seconds: float):
        """Spin for a while: only to show that something does not happen."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.02)

    def collect(self, message_type, topic: str, qos, count: int = 1) -> list:
        """Subscribe, wait for this number of publishers; return the list that messages go to."""
        messages: list = []
        subscription = self.node.create_subscription(message_type, topic, messages.append, qos)
        self.spin_until(
            lambda: subscription.get_publisher_count() >= count, f'{count} publishers of {topic}'
        )
        return messages

    def publisher(self, message_type, topic: str, qos, count: int = 1):
        """Publisher that has this number of subscribers."""
        publisher = self.node.create_publisher(message_type, topic, qos)
        self.spin_until(
            lambda: publisher.get_subscription_count() >= count, f'{count} subscribers of {topic}'
        )
        return publisher

    def set_parameter(self, node, name: str, value):
        """Set a parameter as a user would, through its check; returns the result."""
        return node.set_parameters([Parameter(name, value=value)])[0]

    def close(self):
        """Destroy everything."""
        for node in self.executor.get_nodes():
            self.remove(node)
        self.executor.shutdown()
        self.context.try_shutdown()


@pytest.fixture
def ros(ros_domain):
    """A `Ros` of its own."""
    ros = Ros(ros_domain)
    yield ros
    ros.close()
