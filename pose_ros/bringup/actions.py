"""From data to the actions of launch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
import posixpath
from tempfile import TemporaryDirectory
import time

from launch import LaunchContext, LaunchDescription
from launch.action import Action
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    LogInfo,
    OpaqueFunction,
    PopLaunchConfigurations,
    PushLaunchConfigurations,
    RegisterEventHandler,
    Shutdown,
    TimerAction,
)
from launch.event_handlers import OnProcessExit, OnProcessIO
from launch.events.process import ProcessExited, ProcessIO
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from pose_ros.bringup.arguments import Argument
from pose_ros.bringup.back_off import failed, pause_before_restart
from pose_ros.bringup.environment import environment
from pose_ros.bringup.fatal_line import FatalLine
from pose_ros.bringup.interrupts import interrupt_blocker, leave_interrupts_to_launch
from pose_ros.bringup.process import Command, Process, Start, parameter_text


def launch_description(
    arguments: Sequence[Argument], starts: Callable[[Mapping[str, str]], Sequence[Start]]
) -> LaunchDescription:
    """Arguments, then the processes, in an environment in which images pass quickly.

    Parameters
    ----------
    arguments
        Of the launch file; among them those of `pose_ros.bringup.arguments.RUNNING`.
    starts
        Makes what is to be started from the values of the arguments.
    """

    def start(context: LaunchContext) -> list[Action]:
        leave_interrupts_to_launch(context)
        values = {a.name: LaunchConfiguration(a.name).perform(context) for a in arguments}
        around = dict(context.launch_configurations)
        # As launch_ros does, so that PushRosNamespace around this launch file counts. Not twice:
        # to a process with several nodes launch_ros would give it in the place of their own.
        pushed = around.pop('ros_namespace', '')
        values['namespace'] = posixpath.join('/', pushed, values['namespace'])
        # A prefix of the user's own, such as a debugger, needs no other.
        prefix = '' if around.get('launch-prefix') else interrupt_blocker()
        variables = {**context.environment, **environment(values, context.environment)}
        # There as long as the launch: who includes this launch file may forget it at once.
        folder = TemporaryDirectory(prefix='pose_ros_launch_')
        context.extend_globals({folder.name: folder})
        actions: list[Action] = []
        for number, wanted in enumerate(starts(values)):
            if isinstance(wanted, Command):
                actions.append(command_action(wanted, variables))
                continue
            path = Path(folder.name, f'{number}_{wanted.executable}.yaml')
            path.write_text(parameter_text(wanted.parameters), encoding='utf-8')
            make_node = partial(node_action, wanted, path, values['log_level'], variables, prefix)
            actions += watched(make_node, wanted, around)
        return within(around, actions)

    return LaunchDescription([*map(declaration, arguments), OpaqueFunction(function=start)])


def declaration(argument: Argument) -> DeclareLaunchArgument:
    """What ``--show-args`` shows of an argument."""
    return DeclareLaunchArgument(
        argument.name,
        default_value=argument.default,
        description=argument.meaning,
        choices=list(argument.choices) or None,
    )


def node_action(
    process: Process,
    parameters: Path,
    log_level: str,
    variables: Mapping[str, str],
    prefix: str = '',
) -> Node:
    """The action that starts a process.

    The file of parameters is that of `parameter_text`; the prefix goes before commands of ours.
    """
    own = process.package == 'pose_ros'
    named = {'name': process.name, 'namespace': process.namespace} if process.name else {}
    return Node(
        package=process.package,
        executable=process.executable,
        exec_name=process.name or process.executable,
        parameters=[*process.files, str(parameters)] if process.parameters else None,
        remappings=list(process.remappings.items()),
        arguments=list(process.arguments),
        ros_arguments=['--log-level', log_level] if own else None,
        prefix=(prefix or None) if own else None,
        env=dict(variables),
        output='screen',
        emulate_tty=True,
        **named,
    )


def within(around: Mapping[str, str], actions: Sequence[Action]) -> list[Action]:
    """The actions with these configurations of launch, such as what SetRemap leaves there.

    When a node is started again, the group that this launch file was included in is over.
    """

    def restore(context: LaunchContext) -> None:
        context.launch_configurations.clear()
        context.launch_configurations.update(around)

    bring_back = OpaqueFunction(function=restore)
    return [PushLaunchConfigurations(), bring_back, *actions, PopLaunchConfigurations()]


def watched(
    make_node: Callable[[], Node],
    process: Process,
    around: Mapping[str, str],
    last_pause: float = 0.0,
) -> list[Action]:
    """Start a node; start it again when it dies, or end the launch, as the process says.

    Soon at first, then ever later.
    """
    node = make_node()
    started = time.monotonic()
    reason = FatalLine()

    def take_output(event: ProcessIO) -> None:
        reason.add(event.text)

    def on_exit(event: ProcessExited, context: LaunchContext) -> list[Action] | None:
        if context.is_shutdown:
            return None
        lived = time.monotonic() - started
        pause = pause_before_restart(event.returncode, last_pause, lived)
        if pause is None or not process.respawn:
            if process.required and failed(event.returncode):
                # Launch logs an exception as one line, and its own exit code becomes 1.
                raise RuntimeError(
                    f'{event.process_name} has failed: '
                    f'{str(reason) or f"exit code {event.returncode}"}'
                )
            return None
        again = OpaqueFunction(function=lambda _: watched(make_node, process, around, pause))
        return [
            LogInfo(msg=f'{event.process_name} is started again in {pause:g} s'),
            TimerAction(period=pause, actions=within(around, [again])),
        ]

    return [
        RegisterEventHandler(
            OnProcessIO(target_action=node, on_stdout=take_output, on_stderr=take_output)
        ),
        RegisterEventHandler(OnProcessExit(target_action=node, on_exit=on_exit, handle_once=True)),
        node,
    ]


def command_action(command: Command, variables: Mapping[str, str]) -> ExecuteProcess:
    """The action that runs a command."""
    on_exit = Shutdown(reason=f'{command.words[0]} has ended') if command.ends_launch else None
    return ExecuteProcess(
        cmd=list(command.words), env=dict(variables), output='screen', on_exit=on_exit
    )
