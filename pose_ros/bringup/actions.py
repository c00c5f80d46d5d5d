"""From data to the actions of launch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
import posixpath
from tempfile import NamedTemporaryFile
import time
from typing import Any

from launch import LaunchContext, LaunchDescription
from launch.action import Action
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    LogInfo,
    OpaqueFunction,
    RegisterEventHandler,
    SetEnvironmentVariable,
    Shutdown,
    TimerAction,
)
from launch.event_handlers import OnProcessExit
from launch.events.process import ProcessExited
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
import yaml

from pose_ros.bringup.arguments import Argument
from pose_ros.bringup.back_off import pause_before_restart
from pose_ros.bringup.environment import environment
from pose_ros.bringup.process import Command, Process, Start


def launch_description(
    arguments: Sequence[Argument], starts: Callable[[Mapping[str, str]], Sequence[Start]]
) -> LaunchDescription:
    """Arguments, then the environment in which images pass quickly, then the processes.

    Parameters
    ----------
    arguments
        Of the launch file; among them those of `pose_ros.bringup.arguments.RUNNING`.
    starts
        Makes what is to be started from the values of the arguments.
    """

    def start(context: LaunchContext) -> list[Action]:
        values = {a.name: LaunchConfiguration(a.name).perform(context) for a in arguments}
        # As launch_ros does, so that PushRosNamespace around this launch file counts.
        pushed = context.launch_configurations.get('ros_namespace', '')
        values['namespace'] = posixpath.join('/', pushed, values['namespace'])
        actions: list[Action] = [
            SetEnvironmentVariable(name, value) for name, value in environment(values).items()
        ]
        for wanted in starts(values):
            if isinstance(wanted, Command):
                actions.append(command_action(wanted))
            elif wanted.respawn:
                actions += kept_alive(wanted, values['log_level'])
            else:
                actions.append(node_action(wanted, values['log_level']))
        return actions

    return LaunchDescription([*map(declaration, arguments), OpaqueFunction(function=start)])


def declaration(argument: Argument) -> DeclareLaunchArgument:
    """What ``--show-args`` shows of an argument."""
    return DeclareLaunchArgument(
        argument.name,
        default_value=argument.default,
        description=argument.meaning,
        choices=list(argument.choices) or None,
    )


def node_action(process: Process, log_level: str) -> Node:
    """The action that starts a process."""
    own = process.package == 'pose_ros'
    named = {'name': process.name, 'namespace': process.namespace} if process.name else {}
    return Node(
        package=process.package,
        executable=process.executable,
        exec_name=process.name or process.executable,
        parameters=[*process.files, *parameter_files(process.parameters)],
        remappings=list(process.remappings.items()),
        arguments=list(process.arguments),
        ros_arguments=['--log-level', log_level] if own else None,
        output='screen',
        emulate_tty=True,
        **named,
    )


def parameter_files(parameters: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Path of a new file of these parameters, by full names of nodes; none without any.

    As launch_ros does with parameters in a dictionary, but these may be of several nodes.
    """
    if not parameters:
        return []
    content = {name: {'ros__parameters': dict(values)} for name, values in parameters.items()}
    with NamedTemporaryFile('w', prefix='pose_ros_', suffix='.yaml', delete=False) as file:
        yaml.safe_dump(content, file)
    return [file.name]


def kept_alive(process: Process, log_level: str, last_pause: float = 0.0) -> list[Action]:
    """Start a process, and start it again when it dies: at once, then ever later."""
    node = node_action(process, log_level)
    started = time.monotonic()

    def restart(event: ProcessExited, context: LaunchContext) -> list[Action] | None:
        lived = time.monotonic() - started
        pause = pause_before_restart(event.returncode, last_pause, lived)
        if pause is None or context.is_shutdown:
            return None
        again = OpaqueFunction(function=lambda _: kept_alive(process, log_level, pause))
        return [
            LogInfo(msg=f'{process.executable} has died: it is started again in {pause:g} s'),
            TimerAction(period=pause, actions=[again]),
        ]

    return [
        RegisterEventHandler(OnProcessExit(target_action=node, on_exit=restart, handle_once=True)),
        node,
    ]


def command_action(command: Command) -> ExecuteProcess:
    """The action that runs a command."""
    on_exit = Shutdown(reason=f'{command.words[0]} has ended') if command.ends_launch else None
    return ExecuteProcess(cmd=list(command.words), output='screen', on_exit=on_exit)
