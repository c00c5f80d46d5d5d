"""What the nodes cost, each in its own process: latency, CPU, memory and maximum rate."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
import os
from pathlib import Path
import subprocess
import sys
import time
from typing import Any

from core_speed import SIZES, elapsed, raw_invocation
import numpy as np
import rclpy
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from pose_ros.actor import Actor, Scene, frames
from pose_ros.cli.demo_nodes import find_executable, node_environment, own_domain
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.types import Frame
from pose_ros.msg import GestureEvent, SkeletonArray
from pose_ros.process_environment import PROFILE_VARIABLES
from pose_ros.ros.conversions import skeleton_array
from pose_ros.ros.qos import EVENTS, MARKERS, SKELETONS

RATE = 30.0  # [Hz]
SECONDS = 10.0
FLOOD = 200.0  # [Hz] more images than can be processed
TICKS = os.sysconf('SC_CLK_TCK')


class Watcher:
    """A node of this process that subscribes and waits."""

    def __init__(self, domain: int) -> None:
        self._context = Context()
        rclpy.init(args=[], context=self._context, domain_id=domain)
        self.node = rclpy.create_node('watcher', context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)

    def spin_until(self, condition: Callable[[], bool], deadline: float = 30.0) -> None:
        """Spin until the condition holds; TimeoutError after the deadline [s]."""
        end = time.monotonic() + deadline
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f'nothing happened within {deadline} s')
            self._executor.spin_once(timeout_sec=0.01)

    def spin_for(self, seconds: float) -> None:
        """Spin for a while."""
        end = time.monotonic() + seconds
        self.spin_until(lambda: time.monotonic() > end, seconds + 1)

    def close(self) -> None:
        """Destroy everything."""
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)


@contextmanager
def processes(environment: Mapping[str, str], *commands: list[str]) -> Iterator[list[int]]:
    """Run commands; their process ids."""
    started = [
        subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
        for command in commands
    ]
    try:
        yield [process.pid for process in started]
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(timeout=10)


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used so far [s]."""
    fields = Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def peak_memory(pid: int) -> float:
    """Greatest resident memory of a process [MB]."""
    status = Path(f'/proc/{pid}/status').read_text()
    return int(status.split('VmHWM:')[1].split()[0]) / 1024


def paced_invocation(model: str, role: str) -> float:
    """Median time [ms] of the raw invocation, as often as images come."""
    invoke = raw_invocation(model, role, 1)
    times = []
    for _ in range(int(RATE * SECONDS / 2)):
        times.append(elapsed(invoke))
        time.sleep(max(1 / RATE - times[-1], 0.0))
    return 1e3 * float(np.median(times))


def parameters(model: str) -> list[str]:
    """Arguments of pose_node with one thread."""
    return ['--ros-args', '--log-level', 'warn', '-p', f'model:={model}', '-p', 'threads:=1']


def publisher(width: int, height: int, rate: float, *arguments: str) -> list[str]:
    """Command that runs the camera."""
    script = Path(__file__).parent / 'publisher.py'
    return [sys.executable, str(script), str(width), str(height), str(rate), *arguments]


def pipeline(
    model: str, size: tuple[int, int], rate: float, one_process: bool = False
) -> list[list[str]]:
    """Commands that run pose_node and the camera; the first one has pose_node."""
    if one_process:
        return [publisher(*size, rate, 'pose_node', *parameters(model))]
    pose_node = [str(find_executable('pose_node')), *parameters(model)]
    return [pose_node, publisher(*size, rate)]


def environments(domain: int) -> dict[str, dict[str, str]]:
    """Environment of the processes with the shipped settings, and without the DDS profile.

    The malloc settings stay: the nodes apply them by themselves.
    """
    shipped = {**os.environ, **node_environment(domain)}
    without = {name: value for name, value in shipped.items() if name not in PROFILE_VARIABLES}
    return {'shipped': shipped, 'without DDS profile': without}


def run_pipeline(
    domain: int, environment: Mapping[str, str], commands: list[list[str]]
) -> dict[str, float]:
    """Camera, pose_node and this process as the subscriber.

    All figures are nan if too few images arrive: without the profile large ones can all be lost.
    """
    watcher = Watcher(domain)
    latencies: list[float] = []
    inference: list[float] = []

    def receive(message: SkeletonArray) -> None:
        now = watcher.node.get_clock().now().nanoseconds
        stamp = message.header.stamp
        latencies.append((now - stamp.sec * 10**9 - stamp.nanosec) * 1e-6)
        inference.append(message.inference_time * 1e3)

    watcher.node.create_subscription(SkeletonArray, 'skeletons', receive, SKELETONS)
    try:
        with processes(environment, *commands) as (pose, *_):
            watcher.spin_until(lambda: len(latencies) > 60)
            del latencies[:], inference[:]
            cpu, started = cpu_seconds(pose), time.monotonic()
            watcher.spin_for(SECONDS)
            seconds = time.monotonic() - started
            return {
                'ms': float(np.median(latencies)),
                'p99_ms': float(np.percentile(latencies, 99)),
                'inference_ms': float(np.median(inference)),
                'rate': len(latencies) / seconds,
                'cpu': (cpu_seconds(pose) - cpu) / seconds,
                'memory_mb': peak_memory(pose),
            }
    except TimeoutError:
        return dict.fromkeys(('ms', 'p99_ms', 'inference_ms', 'rate', 'cpu', 'memory_mb'), np.nan)
    finally:
        watcher.close()


def measure_pipeline(installed: list[str]) -> Iterator[dict[str, Any]]:
    """Image published to skeleton received in a third process."""
    for model, role in (('movenet_lightning', 'model'), ('blazepose_full', 'landmarks')):
        if model not in installed:
            continue
        with own_domain() as domain:
            settings = environments(domain)
            runs = [(name, environment, False) for name, environment in settings.items()]
            runs.append(('one process', settings['shipped'], True))
            for size in SIZES:
                for name, environment, one_process in runs:
                    raw = paced_invocation(model, role)
                    commands = pipeline(model, size, RATE, one_process)
                    figures = run_pipeline(domain, environment, commands)
                    yield {
                        'what': 'image to skeleton',
                        'model': model,
                        'image': f'{size[0]}×{size[1]}',
                        'settings': name,
                        **figures,
                        'raw_invocation_ms': raw,
                        'ratio': figures['ms'] / raw,
                    }
            commands = pipeline(model, SIZES[0], FLOOD)
            figures = run_pipeline(domain, settings['shipped'], commands)
            yield {
                'what': 'maximum rate',
                'model': model,
                'image': f'{SIZES[0][0]}×{SIZES[0][1]}',
                'settings': 'shipped',
                **figures,
            }


def recorded_skeletons() -> list[SkeletonArray]:
    """Skeletons of a person who waves."""
    scene = Scene(duration=4.0, actors=(Actor('wave_right'),))
    estimator = PoseEstimator(EstimatorConfig())
    header = Header(frame_id='camera')
    return [
        skeleton_array(estimator.estimate(Frame(shown.image, shown.stamp)), header, (640, 480))
        for shown in frames(scene, seed=1)
    ]


def measure_followers() -> Iterator[dict[str, Any]]:
    """CPU time of marker_node and gesture_node for each skeleton message, DDS included."""
    recorded = recorded_skeletons()
    for name, message_type, topic, qos in (
        ('marker_node', MarkerArray, 'skeleton_markers', MARKERS),
        ('gesture_node', GestureEvent, 'gestures', EVENTS),
    ):
        with own_domain() as domain:
            watcher = Watcher(domain)
            try:
                yield measure_follower(watcher, domain, name, recorded, message_type, topic, qos)
            finally:
                watcher.close()


def measure_follower(
    watcher: Watcher, domain: int, name: str, recorded: list[SkeletonArray], *output: Any
) -> dict[str, Any]:
    """Send skeletons at 30 Hz to one node and read its CPU time."""
    message_type, topic, qos = output
    received: list[Any] = []
    watcher.node.create_subscription(message_type, topic, received.append, qos)
    skeletons = watcher.node.create_publisher(SkeletonArray, 'skeletons', SKELETONS)
    cameras = watcher.node.create_publisher(CameraInfo, 'camera_info', 1)
    camera = CameraInfo(
        width=640, height=480, k=[550.0, 0.0, 320.0, 0.0, 550.0, 240.0, 0.0, 0.0, 1.0]
    )
    camera.p = [550.0, 0.0, 320.0, 0.0, 0.0, 550.0, 240.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    sent = 0

    def send() -> None:
        nonlocal sent
        message = recorded[sent % len(recorded)]
        message.header.stamp = watcher.node.get_clock().now().to_msg()
        skeletons.publish(message)
        cameras.publish(camera)
        sent += 1

    command = [str(find_executable(name)), '--ros-args', '--log-level', 'warn']
    with processes(environments(domain)['shipped'], command) as (pid,):
        watcher.spin_until(lambda: skeletons.get_subscription_count() > 0)
        watcher.spin_for(1.0)
        idle_before = cpu_seconds(pid)
        watcher.spin_for(5.0)
        idle = (cpu_seconds(pid) - idle_before) / 5.0
        timer = watcher.node.create_timer(1 / RATE, send)
        watcher.spin_until(lambda: len(received) > 0)
        cpu, count, started = cpu_seconds(pid), sent, time.monotonic()
        watcher.spin_for(2 * SECONDS)
        seconds = time.monotonic() - started
        used = cpu_seconds(pid) - cpu - idle * seconds
        watcher.node.destroy_timer(timer)
        return {
            'what': 'CPU time per skeleton message',
            'node': name,
            'ms': 1e3 * used / (sent - count),
        }
