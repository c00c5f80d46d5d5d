"""What all tests share: test data, models that may be missing, small models, a false Edge TPU."""

import contextlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import importlib
import os
from pathlib import Path
import shutil
import subprocess
import threading

from hypothesis import settings
import numpy as np
import pytest
import yaml

# The same examples in every run of the suite; `benchmarks/fuzz.py` draws others, and many more.
settings.register_profile('suite', deadline=None, derandomize=True)
settings.register_profile('fuzz', deadline=None, max_examples=20_000)
settings.load_profile('suite')

TEST_DATA = Path(os.environ.get('POSE_ROS_TEST_DATA') or '/nonexistent')

if (TEST_DATA / 'models').is_dir():
    given = os.environ.get('POSE_ROS_MODEL_PATH')
    paths = [given, str(TEST_DATA / 'models')] if given else [str(TEST_DATA / 'models')]
    os.environ['POSE_ROS_MODEL_PATH'] = os.pathsep.join(paths)


def pytest_addoption(parser):
    """Add --full."""
    parser.addoption(
        '--full', action='store_true', help='statistical tests on all their samples, not on a few'
    )


@pytest.fixture(scope='session')
def sample_count(pytestconfig):
    """Function that chooses a number of samples: few in the suite, many with --full.

    `benchmarks/full_samples.py` runs these tests with --full.
    """
    return lambda few, many: many if pytestconfig.getoption('--full') else few


def pytest_collection_modifyitems(config, items):
    """Leave out what is only for --full."""
    if not config.getoption('--full'):
        left_out = [item for item in items if item.get_closest_marker('full')]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


def pytest_runtest_setup(item):
    """Skip, with the reason, what needs data or models that are not here."""
    for marker in item.iter_markers('test_data'):
        for name in marker.args:
            if not (TEST_DATA / name).exists():
                pytest.skip(f'needs {name} in the folder POSE_ROS_TEST_DATA')
    for marker in item.iter_markers('model'):
        from pose_ros.core.runtime.errors import ModelError  # noqa: PLC0415
        from pose_ros.core.runtime.store import ModelStore  # noqa: PLC0415

        for name in marker.args:
            try:
                ModelStore().locate(name)
            except ModelError as error:
                pytest.skip(str(error))


@pytest.fixture(scope='session')
def test_data():
    """Folder of test data; only for tests marked with what they need of it."""
    return TEST_DATA


_MEASURED = []


@pytest.fixture(scope='session')
def measured():
    """Take lines of figures that are printed at the end of the run."""
    return _MEASURED.append


def pytest_sessionfinish(session):
    """Hand the figures of a worker of pytest-xdist to the main process."""
    if hasattr(session.config, 'workeroutput'):
        session.config.workeroutput['measured'] = _MEASURED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Take the figures of a worker of pytest-xdist."""
    _MEASURED.extend(getattr(node, 'workeroutput', {}).get('measured', []))


def pytest_terminal_summary(terminalreporter):
    """Print what the tests measured."""
    if _MEASURED:
        terminalreporter.section('measured')
        for line in _MEASURED:
            terminalreporter.write_line(line)


class TfliteBuilder:
    """One graph of a TFLite file in the making; tensors are numbers."""

    def __init__(self, schema, flatbuffers):
        self._schema = schema
        self._flatbuffers = flatbuffers
        self._tensors, self._operators, self._codes = [], [], []
        self._buffers = [schema.BufferT()]  # the first is the empty one

    def tensor(self, shape, dtype, signature=None):
        """Tensor that is computed or fed; -1 in the signature is a side left open."""
        tensor = self._schema.TensorT()
        tensor.shape = list(shape)
        tensor.shapeSignature = None if signature is None else list(signature)
        types = {'float32': 'FLOAT32', 'int32': 'INT32', 'uint8': 'UINT8', 'int8': 'INT8'}
        tensor.type = getattr(self._schema.TensorType, types[np.dtype(dtype).name])
        tensor.name = f'tensor_{len(self._tensors)}'
        tensor.hasRank = True
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def constant(self, values, dtype=np.float32):
        """Tensor of numbers that lie in the file."""
        values = np.ascontiguousarray(values, dtype)
        index = self.tensor(values.shape, dtype)
        buffer = self._schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self._buffers.append(buffer)
        self._tensors[index].buffer = len(self._buffers) - 1
        return index

    def quantize(self, tensor, scale, zero_point):
        """Give an integer tensor its scale and return it."""
        quantization = self._schema.QuantizationParametersT()
        quantization.scale, quantization.zeroPoint = [scale], [zero_point]
        self._tensors[tensor].quantization = quantization
        return tensor

    def operator(self, name, inputs, shape, *, dtype=np.float32, options=None, **values):
        """Output tensor of a new operator: `options` names its options table, values fill it."""
        schema = self._schema
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(schema.BuiltinOperator, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = 1
        self._codes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self._codes) - 1
        operator.inputs = list(inputs)
        operator.outputs = [self.tensor(shape, dtype)]
        if options is not None:
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, options)
            operator.builtinOptions = getattr(schema, f'{options}T')()
            for key, value in values.items():
                setattr(operator.builtinOptions, key, value)
        self._operators.append(operator)
        return operator.outputs[0]

    def custom_operator(self, name, inputs, shapes, options):
        """Output tensors of a new operator that is not of the file format: options are bytes."""
        code = self._schema.OperatorCodeT()
        code.builtinCode = self._schema.BuiltinOperator.CUSTOM
        code.deprecatedBuiltinCode = code.builtinCode
        code.customCode = name
        code.version = 1
        self._codes.append(code)
        operator = self._schema.OperatorT()
        operator.opcodeIndex = len(self._codes) - 1
        operator.inputs = list(inputs)
        operator.outputs = [self.tensor(shape, np.float32) for shape in shapes]
        operator.customOptions = list(options)
        self._operators.append(operator)
        return operator.outputs

    def cast(self, tensor, shape):
        """Real numbers of a tensor."""
        return self.operator('CAST', [tensor], shape)

    def write(self, path, inputs, outputs):
        """Write the file and return its path."""
        graph = self._schema.SubGraphT()
        graph.tensors, graph.operators = self._tensors, self._operators
        graph.inputs, graph.outputs = list(inputs), list(outputs)
        model = self._schema.ModelT()
        model.version = 3
        model.subgraphs, model.operatorCodes, model.buffers = [graph], self._codes, self._buffers
        builder = self._flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), b'TFL3')
        path.write_bytes(builder.Output())
        return path


@pytest.fixture
def new_tflite_builder():
    """Function that starts a new TFLite model."""
    schema = pytest.importorskip('ai_edge_litert.schema_py_generated')
    flatbuffers = importlib.import_module('flatbuffers')
    return lambda: TfliteBuilder(schema, flatbuffers)


@pytest.fixture
def tflite_builder(new_tflite_builder):
    """Start a new TFLite model."""
    return new_tflite_builder()


@pytest.fixture
def wrist_model(tmp_path):
    """Function that writes a file of learned motions, of a description.

    Its first two classes are likely while the left and the right wrist are far above the shoulder.
    """
    from pose_ros.core.motion.learned_model import LearnedModel, features_of  # noqa: PLC0415
    from pose_ros.core.motion.random_convolutions import RandomConvolutions  # noqa: PLC0415

    def write(description):
        samples, width = description.window.shape
        channels = np.zeros((0, 84, width), bool)
        convolutions = RandomConvolutions(np.zeros(0, int), channels, ())
        shown = np.zeros((1, samples, width), np.float32)
        outputs = len(description.classes) + 1
        weights = np.zeros((features_of(convolutions, shown).shape[1], outputs))
        for column in range(outputs - 1):
            name = ('left_wrist', 'right_wrist')[column]
            # In the last part of the window, the vertical axis.
            weights[2 * description.window.point_set.index(name) + 1 - width, column] = -10.0
        offsets = np.array([*[-5.0] * (outputs - 1), 0.0])
        path = tmp_path / 'motions.npz'
        LearnedModel(description, convolutions, weights, offsets).save(path)
        return path

    return write


@pytest.fixture(scope='session')
def make_take():
    """Function that makes an example: the right arm goes out, its hand in a shape of the actor's.

    Half a second of rest before and after; `rng` varies style and noise.
    """
    from pose_ros.actor.body import joints  # noqa: PLC0415
    from pose_ros.actor.hand_pose import (  # noqa: PLC0415
        HAND_POSES,
        hand_points,
        seen_hand,
        turned,
        varied,
    )
    from pose_ros.actor.motions.sign_motions import UNKNOWN, SignStyle  # noqa: PLC0415
    from pose_ros.core.topology import COCO17  # noqa: PLC0415
    from pose_ros.core.types import Box, Person  # noqa: PLC0415
    from pose_ros.learning.examples import Example  # noqa: PLC0415

    def make(shape, rng=None, *, sign='right_out', rate=15.0, size=300.0, lost=()):
        noise = rng or np.random.default_rng(0)
        style = SignStyle() if rng is None else SignStyle.of(rng)
        motion, duration = UNKNOWN[sign].played(style)
        stamps = np.arange(0.0, duration + 1.0, 1 / rate)
        pose = varied(HAND_POSES[shape], noise, 5.0)
        roll = noise.normal(0.0, 8.0)
        people, hands = [], []
        for stamp in stamps:
            places = joints(motion.pose(min(max(stamp - 0.5, 0.0), duration)))
            points = np.array([places[name][:2] for name in COCO17.keypoint_names])
            points = 320 + size * (points + noise.normal(0.0, 0.003, points.shape))
            people.append(
                Person(
                    COCO17,
                    points.astype(np.float32),
                    np.full(17, 0.9, np.float32),
                    np.zeros(17, np.uint8),
                    0.9,
                    Box.around(points),
                    id=1,
                )
            )
            wrist = tuple(points[COCO17.index('right_wrist')].tolist())
            world = turned(hand_points(pose, 'right'), roll)
            world = world + noise.normal(0.0, 0.002, world.shape)
            hand = seen_hand(world, wrist, size / 1.75, 'right', skeleton_id=1)
            hands.append([] if any(a <= stamp <= b for a, b in lost) else [hand])
        return Example.of(people, stamps.tolist(), shape, hands=hands)

    return make


# A person upright in the middle: y, x of each keypoint of COCO-17, relative to the image.
UPRIGHT = (
    *((0.15, 0.5), (0.13, 0.52), (0.13, 0.48), (0.14, 0.54), (0.14, 0.46)),
    *((0.27, 0.58), (0.27, 0.42), (0.4, 0.6), (0.4, 0.4), (0.52, 0.6), (0.52, 0.4)),
    *((0.52, 0.55), (0.52, 0.45), (0.7, 0.55), (0.7, 0.45), (0.88, 0.55), (0.88, 0.45)),
)


def upright_person(score):
    """Output of MoveNet for a person of this score: float32 [1, 1, 17, 3] of (y, x, score)."""
    y_x_score = np.column_stack([UPRIGHT, np.full(17, score)])
    return y_x_score.astype(np.float32).reshape(1, 1, 17, 3)


def person_plus_brightness(build, path, score, weights):
    """Write a model as MoveNet: a person, plus weights [1, 1, 17, 3] times the mean pixel."""
    shape, output = (1, 32, 32, 3), (1, 1, 17, 3)
    image = build.tensor(shape, np.uint8)
    inputs = [build.cast(image, shape), build.constant([1, 2, 3], np.int32)]
    options = {'options': 'ReducerOptions', 'keepDims': True}
    brightness = build.operator('MEAN', inputs, (1, 1, 1, 1), **options)
    addend = [brightness, build.constant(weights)]
    addend = build.operator('MUL', addend, output, options='MulOptions')
    person = [addend, build.constant(upright_person(score))]
    person = build.operator('ADD', person, output, options='AddOptions')
    return build.write(path, [image], [person])


@pytest.fixture
def overflowing_model(new_tflite_builder, tmp_path):
    """Function that writes a model as MoveNet, whose output holds a strange value for white.

    For black it sees a person with the score 0.6.
    """

    def write(strange, name='strange'):
        weights = np.zeros((1, 1, 17, 3))
        # 255 times 3e38 is beyond the range of float32.
        weights.flat[0] = 3e38 * np.sign(strange) if np.isinf(strange) else strange / 255
        return person_plus_brightness(
            new_tflite_builder(), tmp_path / f'{name}.tflite', 0.6, weights
        )

    return write


@pytest.fixture(scope='session')
def edge_tpu_library(tmp_path_factory):
    """The library that stands in for libedgetpu, see edge/libedgetpu.c."""
    compiler = shutil.which('cc') or shutil.which('gcc')
    if compiler is None:
        pytest.skip('needs a C compiler to build what stands in for libedgetpu')
    target = tmp_path_factory.mktemp('edge') / 'libedgetpu.so.1'
    source = Path(__file__).parent / 'edge' / 'libedgetpu.c'
    subprocess.run(
        [compiler, '-shared', '-fPIC', '-o', target, source, '-ldl'],
        check=True,
    )
    return target


class EdgeTpuStandIn:
    """A false Edge TPU, and a model with a build for it: `tiny`, of the family of MoveNet.

    On the CPU the model sees a person with the score `CPU_SCORE`, on the Edge TPU with
    `EDGE_SCORE`, whatever the image.

    Attributes
    ----------
    root
        Folder with sys and dev.
    library
        The library; beside it lie the files that tell it what to do.
    models
        Folder of the model.
    """

    CPU_SCORE, EDGE_SCORE = 0.6, 0.9
    PERSON = UPRIGHT

    def __init__(self, folder, library, builder):
        self.root = folder / 'root'
        self.models = folder / 'models'
        self.models.mkdir()
        self.library = folder / 'library' / library.name
        self.library.parent.mkdir()
        shutil.copy(library, self.library)
        self.tell('output', upright_person(self.EDGE_SCORE).tobytes())
        self._write_model(builder)

    def _write_model(self, builder):
        shape, output = (1, 32, 32, 3), (1, 1, 17, 3)
        person_plus_brightness(
            builder(), self.models / 'tiny.tflite', self.CPU_SCORE, np.zeros(output)
        )
        on_edge = builder()
        image = on_edge.tensor(shape, np.uint8)
        a_person = on_edge.custom_operator('edgetpu-custom-op', [image], [output], b'')
        on_edge.write(self.models / 'tiny_edgetpu.tflite', [image], a_person)
        names = {'cpu': 'tiny.tflite', 'edgetpu': 'tiny_edgetpu.tflite'}
        entry = {
            'summary': 'for tests', 'family': 'movenet', 'format': 'coco17', 'input': [32, 32],
            'licence': 'Apache-2.0',
            'files': [{'role': 'model', 'device': d, 'name': n} for d, n in names.items()],
        }  # fmt: skip
        (self.models / 'models.yaml').write_text(yaml.safe_dump({'models': {'tiny': entry}}))

    def plug_in(self, identity='18d1:9302', number='1-1'):
        """Show a device on USB and let the library find it."""
        folder = self.root / 'sys/bus/usb/devices' / number
        folder.mkdir(parents=True)
        values = (*identity.split(':'), '1', '7')
        for name, value in zip(('idVendor', 'idProduct', 'busnum', 'devnum'), values):
            (folder / name).write_text(f'{value}\n')
        node = self.root / 'dev/bus/usb/001/007'
        node.parent.mkdir(parents=True, exist_ok=True)
        node.touch()
        for name in ('absent', 'fail_at'):
            self.untell(name)

    def unplug(self):
        """Let every run fail, and the device be gone."""
        shutil.rmtree(self.root / 'sys')
        self.tell('absent')
        self.tell('fail_at', b'1')

    def tell(self, name, content=b''):
        """Put a file beside the library."""
        part = self.library.with_name('part')
        part.write_bytes(content)
        part.replace(self.library.with_name(name))

    def untell(self, name):
        """Take it away."""
        self.library.with_name(name).unlink(missing_ok=True)

    def written(self, name):
        """Text of a file that the library wrote; empty if it did not."""
        path = self.library.with_name(name)
        return path.read_text() if path.exists() else ''

    @property
    def environment(self):
        """Variables by which library and model are found."""
        folders = [str(self.models), os.environ.get('POSE_ROS_MODEL_PATH', '')]
        return {
            'POSE_ROS_EDGETPU_LIBRARY': str(self.library),
            'POSE_ROS_MODEL_PATH': os.pathsep.join(filter(None, folders)),
        }


@pytest.fixture
def edge_tpu(edge_tpu_library, new_tflite_builder, tmp_path, monkeypatch):
    """An `EdgeTpuStandIn` that is not plugged in yet."""
    from pose_ros.core.runtime import edgetpu, failover  # noqa: PLC0415

    stand_in = EdgeTpuStandIn(tmp_path, edge_tpu_library, new_tflite_builder)
    for name, value in stand_in.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(edgetpu, 'ROOT', stand_in.root)
    monkeypatch.setattr(failover, 'FIRST_PAUSE', 0.1)
    monkeypatch.setattr(failover, 'LONGEST_PAUSE', 0.1)
    return stand_in


class HttpServer(ThreadingHTTPServer):
    """Serves one video on 127.0.0.1, whole or not.

    Attributes
    ----------
    content
        Bytes that are sent.
    length
        Content-Length that is stated; None for a live stream without one.
    hold
        Event to wait for before a connection is closed; None closes it after the content.
    requests
        How many came.
    """

    def __init__(self):
        super().__init__(('127.0.0.1', 0), _Handler)
        self.daemon_threads = True
        self.content, self.length, self.hold, self.requests = b'', None, None, 0
        self.url = f'http://127.0.0.1:{self.server_port}/video'


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        server = self.server
        server.requests += 1
        self.send_response(200 if server.content else 404)
        if server.length is not None:
            self.send_header('Content-Length', str(server.length))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(server.content)
            self.wfile.flush()
            if server.hold is not None:
                server.hold.wait()

    def log_message(self, *_):
        """Keep quiet."""


@pytest.fixture
def http_server():
    """Serves a video over HTTP; see `HttpServer`."""
    server = HttpServer()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    if server.hold is not None:
        server.hold.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def clients():
    """Thread of the viewers of a web page."""
    from web_client import LoopThread  # noqa: PLC0415

    thread = LoopThread()
    yield thread
    thread.close()
