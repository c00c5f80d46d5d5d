"""Edge TPU: which is asked for, which are there, and models on it; a stand-in for the library."""

import os
from pathlib import Path
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.runtime import edgetpu, edgetpu_interpreter, edgetpu_worker
from pose_ros.core.runtime.device import Device
from pose_ros.core.runtime.edgetpu_interpreter import DeviceError, EdgeTpuInterpreter
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.litert import TfliteModel, interpreter_module
from pose_ros.core.types import Frame

USB = Device.parse('usb')
LIGHTNING = 'models/movenet_single_pose_lightning_ptq_edgetpu.tflite'
POSENET = 'models/posenet_mobilenet_v1_075_481_641_16_quant_decoder_edgetpu.tflite'


class TestDevice:
    @pytest.mark.parametrize(
        ('text', 'kind', 'bus', 'index', 'option'),
        [
            ('auto', 'auto', '', None, ''),
            ('cpu', 'cpu', '', None, ''),
            ('edgetpu', 'edgetpu', '', None, ''),
            ('edgetpu:1', 'edgetpu', '', 1, ':1'),
            ('usb', 'edgetpu', 'usb', None, 'usb'),
            ('usb:0', 'edgetpu', 'usb', 0, 'usb:0'),
            ('pci', 'edgetpu', 'pci', None, 'pci'),
            ('pci:12', 'edgetpu', 'pci', 12, 'pci:12'),
        ],
    )
    def test_what_is_asked_for(self, text, kind, bus, index, option):
        device = Device.parse(text)
        assert device == Device(kind, bus, index)
        assert device.option == option
        assert str(device) == text

    @pytest.mark.parametrize(
        'text', ['', 'gpu', 'usb:', 'usb:-1', 'usb:x', 'cpu:0', 'auto:0', 'usb:1:2', ' usb', 'USB']
    )
    def test_anything_else_is_refused(self, text):
        with pytest.raises(ValueError, match=r'device must be auto, cpu, edgetpu.*got'):
            EstimatorConfig(device=text)


class TestDevices:
    def test_none(self, edge_tpu):
        assert edgetpu.find_edge_tpus() == []
        assert edgetpu.absence(Device.parse('edgetpu')) == 'no Edge TPU is plugged in'
        assert edgetpu.absence(USB) == 'no Edge TPU is plugged in on USB'

    @pytest.mark.parametrize('identity', ['1a6e:089a', '18d1:9302'])
    def test_usb_before_and_after_its_firmware_is_loaded(self, edge_tpu, identity):
        edge_tpu.plug_in('046d:0825', number='1-1')  # a webcam
        edge_tpu.plug_in(identity, number='2-1')
        (found,) = edgetpu.find_edge_tpus()
        assert (found.bus, found.fault) == ('usb', '')
        assert found.path.endswith('sys/bus/usb/devices/2-1')
        assert edgetpu.find_edge_tpus(Device.parse('pci')) == []
        assert 'another program' in edgetpu.absence(USB)
        assert edgetpu.absence(Device.parse('usb:1')) == (
            'no Edge TPU of number 1 is plugged in on USB: there are 1'
        )

    def test_without_permission_the_rule_is_told(self, edge_tpu, monkeypatch):
        edge_tpu.plug_in()
        monkeypatch.setattr(os, 'access', lambda *_: False)
        text = edgetpu.absence(USB)
        assert 'no permission for' in text
        assert 'dev/bus/usb/001/007' in text
        assert edgetpu.USB_RULE in text
        assert '18d1' in edgetpu.USB_RULE
        assert '1a6e' in edgetpu.USB_RULE

    def test_pci_with_and_without_driver(self, edge_tpu):
        folder = edge_tpu.root / 'sys/bus/pci/devices/0000:01:00.0'
        folder.mkdir(parents=True)
        (folder / 'vendor').write_text('0x1ac1\n')
        (folder / 'device').write_text('0x089a\n')
        assert 'install gasket-dkms' in edgetpu.absence(Device.parse('pci'))
        (folder / 'apex/apex_0').mkdir(parents=True)
        assert 'dev/apex_0 is missing' in edgetpu.absence(Device.parse('pci'))
        (edge_tpu.root / 'dev').mkdir()
        (edge_tpu.root / 'dev/apex_0').touch()
        assert [(one.bus, one.fault) for one in edgetpu.find_edge_tpus()] == [('pci', '')]

    def test_the_report_opens_no_device(self, edge_tpu):
        edge_tpu.plug_in()
        report = edgetpu.report()
        assert (report.library_fault, report.version) == ('', 'stand-in for tests')
        assert [device.bus for device in report.devices] == ['usb']
        assert report.runtimes
        assert not edge_tpu.written('options')

    def test_the_report_of_a_machine_without_the_library(self, edge_tpu, monkeypatch):
        monkeypatch.setenv('POSE_ROS_EDGETPU_LIBRARY', 'libedgetpu_absent.so.9')
        report = edgetpu.report()
        assert (report.devices, report.version) == ((), '')
        assert 'libedgetpu_absent.so.9' in report.library_fault


def interpreter(edge_tpu, device='usb:0'):
    return EdgeTpuInterpreter(edge_tpu.models / 'tiny_edgetpu.tflite', Device.parse(device))


def run(interpreter):
    """Keypoints [17, 3] for a black image."""
    (tensor,) = interpreter.get_input_details()
    interpreter.set_tensor(tensor['index'], np.zeros((1, 32, 32, 3), np.uint8))
    interpreter.invoke()
    (output,) = interpreter.get_output_details()
    return interpreter.get_tensor(output['index'])[0, 0]


class TestInterpreter:
    def test_the_device_is_asked_for_and_its_output_comes_back(self, edge_tpu):
        model = interpreter(edge_tpu)
        keypoints = run(model)
        np.testing.assert_allclose(keypoints[:, :2], edge_tpu.PERSON, rtol=1e-6)
        assert edge_tpu.written('options') == 'device=usb:0 \n'
        assert edge_tpu.written('runs') == 'xx'  # one at the start
        kept = keypoints.copy()
        edge_tpu.untell('output')
        assert not run(model).any()
        np.testing.assert_array_equal(keypoints, kept)

    def test_any_device(self, edge_tpu):
        interpreter(edge_tpu, 'edgetpu')
        assert edge_tpu.written('options') == '\n'

    @pytest.mark.parametrize(
        ('told', 'reason'),
        [
            ('absent', r'no Edge TPU is plugged in on USB \(.*no device of that kind\)'),
            ('crash', r'SIGSEGV\).*may not match.*same version of TensorFlow Lite'),
        ],
    )
    def test_why_it_does_not_start(self, edge_tpu, told, reason):
        edge_tpu.tell(told)
        with pytest.raises(DeviceError, match=reason):
            interpreter(edge_tpu)

    def test_a_missing_library(self, edge_tpu, monkeypatch):
        monkeypatch.setenv('POSE_ROS_EDGETPU_LIBRARY', '/nowhere/libedgetpu.so.1')
        with pytest.raises(DeviceError, match=r'/nowhere/.* cannot be loaded .*libedgetpu1-std'):
            interpreter(edge_tpu)

    def test_a_library_of_another_kind(self, edge_tpu, monkeypatch):
        monkeypatch.setenv('POSE_ROS_EDGETPU_LIBRARY', 'libc.so.6')
        with pytest.raises(DeviceError, match=r'libc\.so\.6 cannot be loaded \(.*create_delegate'):
            interpreter(edge_tpu)

    def test_a_device_that_does_not_answer_at_the_start(self, edge_tpu, monkeypatch):
        monkeypatch.setattr(edgetpu_interpreter, 'START_TIMEOUT', 0.5)
        edge_tpu.tell('hang')
        with pytest.raises(DeviceError, match=r'no answer within 0\.5 s'):
            interpreter(edge_tpu)

    def test_a_run_that_fails(self, edge_tpu):
        edge_tpu.tell('fail_at', b'3')
        model = interpreter(edge_tpu)
        run(model)
        with pytest.raises(DeviceError, match=r'the Edge TPU failed \(.*USB transfer error'):
            run(model)
        with pytest.raises(DeviceError):
            run(model)

    def test_a_run_that_hangs_times_out_and_its_process_ends(self, edge_tpu):
        model = interpreter(edge_tpu)
        edge_tpu.tell('hang')
        with pytest.raises(DeviceError, match='no answer within 1 s'):
            run(model)
        assert model._process.wait(5) == -signal.SIGALRM

    def test_a_process_that_is_killed(self, edge_tpu):
        model = interpreter(edge_tpu)
        model._process.kill()
        with pytest.raises(DeviceError, match=r'ended \(SIGKILL\)$'):  # versions did match
            run(model)

    def test_it_lets_go_when_closed_and_when_forgotten(self, edge_tpu):
        edge_tpu.plug_in(number='1-1')
        edge_tpu.plug_in(number='1-2')
        models = [interpreter(edge_tpu, device) for device in ('usb:0', 'usb:1')]
        processes = [model._process for model in models]
        models.pop().close()
        assert processes.pop().wait(5) == 0
        models.pop()
        assert processes.pop().wait(5) == 0

    def test_a_device_in_use_is_left_to_whom_it_serves(self, edge_tpu):
        edge_tpu.plug_in()
        first = interpreter(edge_tpu)
        for device in ('usb:0', 'usb', 'edgetpu'):  # there is only this one
            with pytest.raises(DeviceError, match='another node of pose_ros is at work with it'):
                interpreter(edge_tpu, device)
        assert edge_tpu.written('options') == 'device=usb:0 \n'  # the library was not asked
        run(first)
        first._process.kill()
        first._process.wait()
        run(interpreter(edge_tpu))

    def test_it_does_not_outlive_a_parent_that_is_killed_in_a_run_that_hangs(self, edge_tpu):
        script = (
            'import sys\n'
            'from pathlib import Path\n'
            'from pose_ros.core.runtime.device import Device\n'
            'from pose_ros.core.runtime.edgetpu_interpreter import EdgeTpuInterpreter\n'
            'model = EdgeTpuInterpreter(Path(sys.argv[1]), Device.parse("usb"))\n'
            'print(model._process.pid, flush=True)\n'
            'sys.stdin.readline()\n'
            'model.invoke()\n'
        )
        parent = subprocess.Popen(
            [sys.executable, '-c', script, edge_tpu.models / 'tiny_edgetpu.tflite'],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        child = int(parent.stdout.readline())
        edge_tpu.tell('hang')
        parent.stdin.write('\n')
        parent.stdin.flush()
        wait_until(lambda: edge_tpu.written('runs') == 'xx')
        parent.kill()
        parent.communicate()
        wait_until(lambda: not is_alive(child))

    @pytest.mark.test_data(LIGHTNING, POSENET)
    @pytest.mark.parametrize('name', [LIGHTNING, POSENET])
    def test_googles_own_files(self, edge_tpu, test_data, name):
        """Their operators for the Edge TPU are given to it; LiteRT runs the rest."""
        edge_tpu.untell('output')
        model = TfliteModel(
            test_data / name,
            without='PosenetDecoderOp',
            load=lambda path, _, content, __: EdgeTpuInterpreter(path, USB, content),
        )
        width, height = model.input_size
        outputs = model.run(np.zeros((height, width, 3), np.uint8))
        assert [output.shape for output in outputs] == model.output_shapes
        assert all(np.isfinite(output).all() for output in outputs)
        assert edge_tpu.written('runs') == 'xx'


def wait_until(condition):
    """Look again and again until it holds; fail after 10 s."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.test_data(POSENET)
@pytest.mark.model('posenet')
def test_posenet_on_the_device_is_given_the_image_as_it_is(edge_tpu):
    edge_tpu.plug_in()
    edge_tpu.untell('output')
    estimator = PoseEstimator(EstimatorConfig(model='posenet', device='usb'))
    image = np.random.default_rng(0).integers(0, 256, (481, 641, 3), np.uint8)
    estimator.estimate(Frame(image))
    assert edge_tpu.library.with_name('input').read_bytes() == image.tobytes()


@pytest.mark.test_data(LIGHTNING, LIGHTNING.replace('_edgetpu', ''), 'images/squat.bmp')
def test_googles_build_gives_what_the_cpu_gives(edge_tpu, test_data):
    """The stand-in puts out what the CPU computes in the place of the Edge TPU's operator."""
    path = test_data / LIGHTNING
    cpu_path = test_data / LIGHTNING.replace('_edgetpu', '')
    image = cv2.imread(str(test_data / 'images/squat.bmp'))[..., ::-1]
    image = cv2.resize(image, (192, 192))
    *inner, expected = tensors_on_cpu(cpu_path, image, outputs_of_edge_tpu(path))
    edge_tpu.tell('output', b''.join(tensor.tobytes() for tensor in inner))
    model = TfliteModel(path, load=lambda path, *_: EdgeTpuInterpreter(path, USB))
    (found,) = model.run(image)
    assert np.ptp(expected[..., :2]) > 0.3
    np.testing.assert_allclose(found, expected, atol=1e-4)


def outputs_of_edge_tpu(path):
    """Names of the tensors that come out of the operator for the Edge TPU."""
    schema = pytest.importorskip('ai_edge_litert.schema_py_generated')
    tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(path.read_bytes(), 0))
    (graph,) = tree.subgraphs
    (operator,) = (o for o in graph.operators if tree.operatorCodes[o.opcodeIndex].customCode)
    return [graph.tensors[index].name.decode() for index in operator.outputs]


def tensors_on_cpu(path, image, names):
    """Tensors of these names within a model on the CPU, and its output; without XNNPACK."""
    module = interpreter_module()
    model = module.Interpreter(
        str(path),
        experimental_op_resolver_type=module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
    )
    model.allocate_tensors()
    model.set_tensor(model.get_input_details()[0]['index'], image[None])
    model.invoke()
    numbers = {tensor['name']: tensor['index'] for tensor in model.get_tensor_details()}
    output = model.get_output_details()[0]['index']
    return [model.get_tensor(number) for number in [*map(numbers.get, names), output]]


def is_alive(process):
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f'/proc/{process}/stat').read_text().rpartition(')')[2].split()[0] != 'Z'
    except FileNotFoundError:
        return False


@pytest.fixture
def make_estimator(edge_tpu):
    """Function that makes an estimator of the model tiny; closed afterwards."""
    made = []

    def make(**settings):
        made.append(PoseEstimator(EstimatorConfig(**{'model': 'tiny', **settings})))
        return made[-1]

    yield make
    for estimator in made:
        estimator.close()


class Video:
    """Shows grey frames to an estimator; tells the score of the person seen."""

    def __init__(self, estimator):
        self.estimator = estimator
        self.stamp = 0.0

    def score(self):
        self.stamp += 10.0  # after which nothing is carried over
        (person,) = self.estimator.estimate(
            Frame(np.full((240, 320, 3), 99, np.uint8), stamp=self.stamp)
        )
        return round(float(person.scores.max()), 2)

    def wait_for(self, score):
        wait_until(lambda: self.score() == score)


class TestFailover:
    def test_auto_takes_one_that_is_there(self, edge_tpu, make_estimator):
        edge_tpu.plug_in()
        estimator = make_estimator()
        assert Video(estimator).score() == edge_tpu.EDGE_SCORE
        assert estimator.device.device == 'edgetpu'
        assert not estimator.device.fault

    def test_auto_without_one_is_on_the_cpu_and_starts_no_process(self, edge_tpu, make_estimator):
        estimator = make_estimator()
        assert Video(estimator).score() == edge_tpu.CPU_SCORE
        assert estimator.device.device == 'cpu'
        assert estimator.device.reason == 'no Edge TPU is plugged in'
        assert not estimator.device.fault
        assert not edge_tpu.written('options')

    def test_auto_with_one_that_does_not_work_is_on_the_cpu_and_says_so(
        self, edge_tpu, make_estimator
    ):
        edge_tpu.plug_in()
        edge_tpu.tell('crash')
        estimator = make_estimator()
        assert Video(estimator).score() == edge_tpu.CPU_SCORE
        assert estimator.device.fault
        assert 'may not match' in estimator.device.reason

    def test_auto_without_the_build_tells_how_to_get_it(self, edge_tpu, make_estimator):
        edge_tpu.plug_in()
        (edge_tpu.models / 'tiny_edgetpu.tflite').unlink()
        estimator = make_estimator()
        assert Video(estimator).score() == edge_tpu.CPU_SCORE
        assert 'tiny_edgetpu.tflite is not in' in estimator.device.reason

    def test_cpu_is_cpu(self, edge_tpu, make_estimator):
        edge_tpu.plug_in()
        estimator = make_estimator(device='cpu')
        assert Video(estimator).score() == edge_tpu.CPU_SCORE
        assert estimator.device.reason == 'as it was asked for'
        assert not edge_tpu.written('options')

    def test_asked_for_and_missing(self, edge_tpu, make_estimator):
        edge_tpu.tell('absent')
        with pytest.raises(ModelError, match='device usb:1: no Edge TPU is plugged in on USB'):
            make_estimator(device='usb:1')

    @pytest.mark.parametrize('model', ['blazepose_full', 'yolox_nano'])
    def test_models_without_a_build(self, edge_tpu, model):
        edge_tpu.plug_in()
        with pytest.raises(ModelError, match=f'device edgetpu: {model} has no build for the Edge'):
            PoseEstimator(EstimatorConfig(model=model, device='edgetpu'))
        if model == 'blazepose_full':
            device = PoseEstimator(EstimatorConfig(model=model)).device
            assert (device.device, device.fault) == ('cpu', False)
            assert device.reason == 'blazepose_full has no build for the Edge TPU'

    def test_unplugged_and_plugged_in_again(self, edge_tpu, make_estimator):
        edge_tpu.plug_in()
        estimator = make_estimator(device='usb')
        video = Video(estimator)
        assert video.score() == edge_tpu.EDGE_SCORE
        for losses in (1, 2):
            edge_tpu.unplug()
            assert video.score() == edge_tpu.CPU_SCORE
            assert estimator.device.device == 'cpu'
            assert estimator.device.fault
            assert 'USB transfer error' in estimator.device.reason
            edge_tpu.plug_in()
            video.wait_for(edge_tpu.EDGE_SCORE)
            assert (estimator.device.device, estimator.device.losses) == ('usb', losses)
            assert not estimator.device.fault

    def test_only_the_first_frame_waits_for_a_device_that_hangs(self, edge_tpu, make_estimator):
        edge_tpu.plug_in()
        estimator = make_estimator()
        video = Video(estimator)
        assert video.score() == edge_tpu.EDGE_SCORE
        edge_tpu.tell('hang')
        assert video.score() == edge_tpu.CPU_SCORE
        runs = len(edge_tpu.written('runs'))
        wait_until(lambda: len(edge_tpu.written('runs')) > runs)
        # The device is being tried in the background.
        assert video.score() == edge_tpu.CPU_SCORE
        assert estimator.device.losses == 1
        edge_tpu.untell('hang')
        video.wait_for(edge_tpu.EDGE_SCORE)

    def test_lost_and_not_to_go_on(self, edge_tpu, make_estimator):
        edge_tpu.plug_in()
        estimator = make_estimator(on_device_loss='error')
        video = Video(estimator)
        video.score()
        edge_tpu.unplug()
        for _ in range(2):
            with pytest.raises(DeviceError, match='USB transfer error'):
                video.score()
        assert estimator.device.device == 'none'
        assert estimator.device.fault

    def test_builds_that_differ_are_refused(self, edge_tpu, make_estimator, tflite_builder):
        edge_tpu.plug_in()
        edge_tpu.untell('output')
        image = tflite_builder.tensor((1, 32, 32, 3), np.uint8)
        output = tflite_builder.custom_operator('edgetpu-custom-op', [image], [(1, 16, 3)], b'')
        tflite_builder.write(edge_tpu.models / 'tiny_edgetpu.tflite', [image], output)
        with pytest.raises(ModelError, match=r'differ.*\(1, 1, 17, 3\).*\(1, 16, 3\)'):
            make_estimator(device='usb')

    def test_a_damaged_build_is_refused(self, edge_tpu, make_estimator):
        edge_tpu.plug_in()
        path = edge_tpu.models / 'tiny_edgetpu.tflite'
        path.write_bytes(path.read_bytes()[:200])
        with pytest.raises(ModelError, match=r'tiny_edgetpu\.tflite does not run on the Edge TPU'):
            make_estimator(device='usb')


def test_places_do_not_overlap():
    details = [
        {'index': 4, 'shape': np.array([1, 3, 5]), 'dtype': np.uint8},
        {'index': 9, 'shape': np.array([2, 7]), 'dtype': np.float32},
    ]
    first, second = edgetpu_worker.places(details)
    assert (first.offset, first.end) == (0, 15)
    assert (second.offset, second.end) == (64, 64 + 56)
