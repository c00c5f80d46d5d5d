"""Services that lock pose_node onto one person."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from rclpy.node import Node

from pose_ros.ros.services import answering
from pose_ros.srv import LockTarget, UnlockTarget

if TYPE_CHECKING:
    from pose_ros.core.estimator import PoseEstimator

# Names of the methods in the estimator.
METHODS = {
    LockTarget.Request.BY_ID: 'id',
    LockTarget.Request.LARGEST: 'largest',
    LockTarget.Request.NEAREST_CENTRE: 'nearest_centre',
    LockTarget.Request.HAND_RAISED: 'hand_raised',
}


class TargetLock:
    """Services ~/lock and ~/unlock of a node, from configure to cleanup.

    Parameters
    ----------
    node
        The node.
    estimator
        Chooses among the people of the last image.
    lock_unavailable_reason
        Returns why no last image is available; empty if one is.
    """

    def __init__(
        self, node: Node, estimator: PoseEstimator, lock_unavailable_reason: Callable[[], str]
    ) -> None:
        self._node = node
        self._estimator = estimator
        self._unavailable_reason = lock_unavailable_reason
        self._expired = 0
        self._services = [
            node.create_service(LockTarget, '~/lock', answering(node, '~/lock', self._lock)),
            node.create_service(
                UnlockTarget, '~/unlock', answering(node, '~/unlock', self._unlock)
            ),
        ]

    def destroy(self) -> None:
        """Destroy the services."""
        for service in self._services:
            self._node.destroy_service(service)
        self._services.clear()

    def report_expired(self) -> None:
        """Log a lock that has ended because the person was away for too long."""
        if self._estimator.statistics.expired_lock != self._expired:
            self._expired = self._estimator.statistics.expired_lock
            self._node.get_logger().warning(
                f'person {self._expired} was away for longer than lock_timeout '
                f'({self._estimator.config.lock_timeout:g} s) and is no longer locked: call '
                '~/lock to choose again'
            )

    def _lock(
        self, request: LockTarget.Request, response: LockTarget.Response
    ) -> LockTarget.Response:
        try:
            response.id = self._choose(request)
        except ValueError as error:
            response.message = str(error)
        else:
            response.success = True
            response.message = f'person {response.id} is locked'
            self._node.get_logger().info(response.message)
        return response

    def _choose(self, request: LockTarget.Request) -> int:
        if request.method not in METHODS:
            known = ', '.join(f'{number} {name}' for number, name in METHODS.items())
            raise ValueError(f'unknown method {request.method}, known are: {known}')
        if reason := self._unavailable_reason():
            raise ValueError(reason)
        return self._estimator.lock(METHODS[request.method], request.id)

    def _unlock(
        self, request: UnlockTarget.Request, response: UnlockTarget.Response
    ) -> UnlockTarget.Response:
        number = self._estimator.locked_id
        response.success = self._estimator.unlock()
        response.message = (
            f'person {number} is unlocked' if response.success else 'no person is locked'
        )
        if response.success:
            self._node.get_logger().info(response.message)
        return response
