"""Real processes, and a real Ray cluster of several nodes that loses one."""

from dataclasses import replace
import os
from pathlib import Path
import select
import subprocess
import sys

import pytest

from pose_ros.core.media import open_media
from pose_ros.fleet.driver import BatchRun
from pose_ros.fleet.engines import ProcessEngine, RayEngine
from pose_ros.fleet.storage import Storage

parquet = pytest.importorskip('pyarrow.parquet')


def end_process():
    os._exit(1)


def test_a_process_that_dies_fails_its_task_and_is_replaced():
    engine = ProcessEngine(1)
    try:
        engine.submit('dies', end_process)
        key, result = engine.next()
        assert key == 'dies'
        assert isinstance(result, Exception)
        engine.submit('runs', os.getpid)
        key, result = engine.next()
        assert key == 'runs'
        assert result != os.getpid()
        engine.submit('fails', int, 'x')
        assert isinstance(engine.next()[1], ValueError)
    finally:
        engine.close()


STARTS_A_WORKER = """
import os, sys, time
from pose_ros.fleet.engines import ProcessEngine
if __name__ == '__main__':
    engine = ProcessEngine(1)
    engine.submit('pid', os.getpid)
    print(engine.next()[1], flush=True)
    engine.submit('long', time.sleep, 600)
    engine.next()
"""


def test_workers_end_with_a_process_that_is_killed(tmp_path):
    (tmp_path / 'run.py').write_text(STARTS_A_WORKER)
    with subprocess.Popen([sys.executable, tmp_path / 'run.py'], stdout=subprocess.PIPE) as run:
        worker = os.pidfd_open(int(run.stdout.readline()))
        run.kill()
    ended, _, _ = select.select([worker], [], [], 60)
    os.close(worker)
    assert ended


STARTS_WITH_SIGNAL_BLOCKED = """
import signal
from pose_ros.worker_pool import WorkerPool

if __name__ == '__mp_main__':  # a worker, before it has begun
    print(signal.pthread_sigmask(signal.SIG_BLOCK, []) == {signal.SIGINT}, flush=True)
if __name__ == '__main__':
    with WorkerPool(1) as pool:
        print(pool.submit(signal.pthread_sigmask, signal.SIG_BLOCK, []).result())
    print(signal.pthread_sigmask(signal.SIG_BLOCK, []))
"""


def test_a_worker_hears_of_ctrl_c_when_it_can_handle_it(tmp_path):
    (tmp_path / 'run.py').write_text(STARTS_WITH_SIGNAL_BLOCKED)
    command = [sys.executable, tmp_path / 'run.py']
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split('\n')[:3] == ['True', 'set()', 'set()']


def rows_of(settings, status):
    """People of an input without its path."""
    path = Path(settings.storage.location, f'{status.name}.people.parquet')
    return parquet.read_table(path).drop_columns(['input']).to_pylist()


def test_a_ray_cluster_that_loses_a_node_does_every_input_once(
    short_video, settings, inline_engine, tmp_path
):
    pytest.importorskip('ray')
    from ray.cluster_utils import Cluster  # noqa: PLC0415

    media = []
    for number in range(6):
        path = tmp_path / f'{number}.mp4'
        path.write_bytes(short_video.read_bytes())
        media.append(open_media(path))
    cluster = Cluster(initialize_head=True, head_node_args={'num_cpus': 1})
    nodes = [cluster.add_node(num_cpus=1) for _ in range(2)]
    cluster.wait_for_nodes()
    engine = RayEngine(cluster.address)
    done = []

    def lose_a_node(_):
        done.append(1)
        if len(done) == 1:
            cluster.remove_node(nodes[0], allow_graceful=False)

    try:
        assert engine.workers == 3
        states = BatchRun(settings, engine, advance=lose_a_node).run(media)
    finally:
        engine.close()
        cluster.shutdown()
    assert [(one.state, one.frames, one.reason) for one in states] == [('done', 20, '')] * 6
    assert len(done) == 6
    alone = replace(settings, storage=Storage(str(tmp_path / 'alone')))
    (single,) = BatchRun(alone, inline_engine()).run(media[:1])
    wanted = rows_of(alone, single)
    assert len(wanted) >= 15
    for one in states:
        assert rows_of(settings, one) == wanted
    assert len(list(Path(settings.storage.location).glob('*.people.parquet'))) == 6
