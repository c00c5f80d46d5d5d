"""What viewers of the web page may change: the lock, and live parameters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.client import Client
from rclpy.node import Node
from rclpy.parameter import Parameter as RosParameter
from rclpy.parameter import parameter_value_to_python

from pose_ros.ros.parameter_docs import table
from pose_ros.ros.parameters import Parameter
from pose_ros.ros.target_lock import METHODS
from pose_ros.srv import LockTarget, UnlockTarget

TIMEOUT = 5.0  # [s] for the answer of a node
_NUMBERS = {name: number for number, name in METHODS.items()}
_NODES = ('pose_node', 'gesture_node')


class WebControl:
    """Carries out the requests of viewers, in the thread of the web server.

    Parameters
    ----------
    node
        Owner of the clients.
    """

    def __init__(self, node: Node) -> None:
        self._lock = node.create_client(LockTarget, 'pose_node/lock')
        self._unlock = node.create_client(UnlockTarget, 'pose_node/unlock')
        self._rows = {name: {row.name: row for row in table(name) if row.live} for name in _NODES}
        self._get = {n: node.create_client(GetParameters, f'{n}/get_parameters') for n in _NODES}
        self._set = {n: node.create_client(SetParameters, f'{n}/set_parameters') for n in _NODES}
        self._requests: dict[str, Callable[[dict[str, Any]], Any]] = {
            'lock': self._lock_person,
            'unlock': self._unlock_person,
            'parameters': self._parameters,
            'set': self._set_parameter,
        }

    async def answer(self, request: dict[str, Any]) -> Any:
        """Content of the reply; ValueError says why a request is refused."""
        if request['type'] not in self._requests:
            raise ValueError('unknown request')
        return await self._requests[request['type']](request)

    async def _lock_person(self, request: dict[str, Any]) -> str:
        method, number = str(request.get('method')), request.get('id', 0)
        if method not in _NUMBERS:
            raise ValueError(f'method must be one of {", ".join(_NUMBERS)}')
        if type(number) is not int or not 0 <= number < 2**32:
            raise ValueError('id must be a number of 32 bits')
        wanted = LockTarget.Request(method=_NUMBERS[method], id=number)
        return _accepted(await _call(self._lock, wanted))

    async def _unlock_person(self, _: dict[str, Any]) -> str:
        return _accepted(await _call(self._unlock, UnlockTarget.Request()))

    async def _parameters(self, _: dict[str, Any]) -> list[dict[str, Any]]:
        """Live parameters of the nodes that answer, with their values."""
        shown = []
        for node, rows in self._rows.items():
            if not self._get[node].service_is_ready():
                continue
            response = await _call(self._get[node], GetParameters.Request(names=list(rows)))
            for row, value in zip(rows.values(), response.values):
                shown.append(_described(node, row, parameter_value_to_python(value)))
        return shown

    async def _set_parameter(self, request: dict[str, Any]) -> str:
        node, name = str(request.get('node')), str(request.get('name'))
        row = self._rows.get(node, {}).get(name)
        if row is None:
            raise ValueError('there is no such live parameter')
        value = row.accepted(request.get('value'))
        if isinstance(value, tuple):
            value = list(value) or ['']
        parameter = RosParameter(name, value=value).to_parameter_msg()
        wanted = SetParameters.Request(parameters=[parameter])
        result = (await _call(self._set[node], wanted)).results[0]
        if not result.successful:
            raise ValueError(result.reason or f'{node} refuses it')
        return f'{name} is set'


async def _call(client: Client, request: Any) -> Any:
    """Response of a service; ValueError if there is none."""
    if not client.service_is_ready():
        raise ValueError(f'{client.srv_name} is not there: is the node running?')
    loop = asyncio.get_running_loop()
    done: asyncio.Future = loop.create_future()

    def finish(future: Any) -> None:
        if not done.done():
            done.set_result(future.result())

    pending = client.call_async(request)
    # Called in the thread of the executor.
    pending.add_done_callback(lambda future: loop.call_soon_threadsafe(finish, future))
    try:
        return await asyncio.wait_for(done, TIMEOUT)
    except asyncio.TimeoutError as error:
        raise ValueError(f'{client.srv_name} does not answer') from error
    finally:
        client.remove_pending_request(pending)  # also if the viewer has gone


def _accepted(response: Any) -> str:
    if not response.success:
        raise ValueError(response.message)
    return str(response.message)


def _described(node: str, row: Parameter, value: Any) -> dict[str, Any]:
    """A parameter as the page shows it."""
    if isinstance(row.default, tuple):
        value = [entry for entry in value or () if entry]
    return {
        'node': node,
        'name': row.name,
        'kind': type(row.default).__name__,
        'meaning': row.meaning,
        'unit': row.unit,
        'low': row.low,
        'high': row.high,
        'choices': row.choices,
        'value': value,
    }
