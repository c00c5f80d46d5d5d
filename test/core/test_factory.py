"""What the settings ask for is put together, or refused with what to do."""

from dataclasses import replace

import pytest

from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.estimator import PoseEstimator
from pose_ros.core.factory import (
    OWN_DETECTOR,
    SURE_DETECTORS,
    WIDE_DETECTOR,
    build_finder,
    detector_names,
)
from pose_ros.core.finding.bottom_up import BottomUp
from pose_ros.core.finding.top_down import TopDown
from pose_ros.core.models.detector import Detection, upright
from pose_ros.core.runtime.errors import ModelError
from pose_ros.core.runtime.store import ModelStore
from pose_ros.core.tracking.region import AlignmentRegions, KeypointRegions
from pose_ros.core.types import Box

FOR_MANY = (WIDE_DETECTOR, *SURE_DETECTORS)


class PartOfStore(ModelStore):
    """A store in which some models are not installed."""

    def __init__(self, *missing):
        super().__init__()
        self._missing = missing

    def locate(self, name):
        if name in self._missing:
            raise ModelError(f'{name} is not installed: run pose-ros models install {name}')
        return super().locate(name)


@pytest.mark.parametrize(
    ('settings', 'reason'),
    [
        ({'max_people': 0}, 'max_people must be 1 to 50, got 0'),
        ({'max_people': -3}, 'max_people must be 1 to 50, got -3'),
        ({'detector_interval': 0}, 'detector_interval must be 1 to 1000, got 0'),
        ({'detector_threshold': 1.1}, 'detector_threshold must be 0.0 to 1.0, got 1.1'),
        ({'min_hits': 0}, 'min_hits must be 1 to 100, got 0'),
        ({'mode': 'many'}, "mode must be one of single, multi, auto, got 'many'"),
        ({'lock_timeout': float('nan')}, 'lock_timeout must be 0.05 to 3600.0, got nan'),
        ({'coast_time': -0.1}, 'coast_time must be 0.0 to 10.0, got -0.1'),
    ],
)
def test_a_setting_out_of_range_is_named(settings, reason):
    with pytest.raises(ValueError, match=reason):
        EstimatorConfig(**settings)


class TestRefused:
    def test_an_unknown_detector_lists_the_known(self):
        with pytest.raises(ModelError, match=r'yolo_nano.*yolox_nano'):
            PoseEstimator(EstimatorConfig(mode='multi', detector='yolo_nano'))

    @pytest.mark.parametrize('name', ['movenet_lightning', 'posenet'])
    def test_a_detector_that_is_a_pose_model(self, name):
        with pytest.raises(ModelError, match=rf'{name} is .*no person detector.*yolox_nano'):
            PoseEstimator(EstimatorConfig(mode='multi', detector=name))

    @pytest.mark.parametrize('name', ['yolox_nano', 'blazepose_detector'])
    def test_a_pose_model_that_is_a_detector(self, name):
        with pytest.raises(ModelError, match=rf'{name} is a person detector.*movenet, blazepose'):
            PoseEstimator(EstimatorConfig(model=name))

    def test_a_detector_that_is_not_installed(self):
        store = PartOfStore('yolox_nano')
        with pytest.raises(ModelError, match='pose-ros models install yolox_nano'):
            PoseEstimator(EstimatorConfig(mode='multi', detector='yolox_nano'), store)

    def test_live_to_multi_without_a_detector(self, make_estimator, world, monkeypatch, make_body):
        """The settings stay as they were, and so does the person."""
        estimator = make_estimator(mode='single', model='movenet_lightning')
        for index in range(3):
            estimator.estimate(world.frame(index / 10, make_body()))

        def missing(*_):
            raise ModelError('yolox_nano is not installed')

        monkeypatch.setattr('pose_ros.core.factory.load_detector', missing)
        for mode in ('multi', 'auto'):
            with pytest.raises(
                ValueError, match=f'mode {mode} needs a detector: yolox_nano is not installed'
            ):
                estimator.reconfigure(replace(estimator.config, mode=mode))
        assert estimator.config.mode == 'single'
        (person,) = estimator.estimate(world.frame(0.3, make_body()))
        assert person.id == 1

    def test_the_detector_changes_with_the_mode(self, make_estimator, world, monkeypatch):
        """Left to us it is another for many people; it is loaded once."""
        estimator = make_estimator(mode='multi')
        loaded = []
        monkeypatch.setattr(
            'pose_ros.core.factory.detector_names', lambda config, _: (config.mode,)
        )
        monkeypatch.setattr(
            'pose_ros.core.factory.load_detector', lambda name, *_: loaded.append(name) or world
        )
        for mode, max_people in (('auto', 3), ('auto', 4), ('multi', 4)):
            changed = replace(estimator.config, mode=mode, max_people=max_people)
            estimator.reconfigure(changed)
        assert loaded == ['auto', 'multi']

    def test_multi_ends_with_the_mode(self, make_estimator, world, make_body):
        estimator = make_estimator(mode='multi')
        estimator.estimate(world.frame(0.0, make_body()))
        estimator.estimate(world.frame(0.1, make_body()))
        assert estimator.statistics.multi
        estimator.reconfigure(replace(estimator.config, mode='single'))
        estimator.estimate(world.frame(0.2, make_body()))
        assert not estimator.statistics.multi

    def test_a_lock_without_a_detector_is_a_lock_all_the_same(
        self, make_estimator, world, monkeypatch, make_body, caplog
    ):
        estimator = make_estimator(mode='single', model='movenet_lightning')
        for index in range(3):
            estimator.estimate(world.frame(index / 10, make_body()))

        def missing(*_):
            raise ModelError('yolox_nano is not installed')

        monkeypatch.setattr('pose_ros.core.factory.load_detector', missing)
        assert estimator.lock('largest') == 1
        assert 'yolox_nano is not installed' in caplog.text

    @pytest.mark.parametrize(
        'settings', [{'detector': 'blazepose_full'}, {'model': 'movenet_lightning'}]
    )
    def test_live_to_another_model_or_detector(self, settings):
        estimator = PoseEstimator()
        with pytest.raises(ValueError, match=f'{next(iter(settings))} cannot change'):
            estimator.reconfigure(replace(estimator.config, **settings))


class TestDetectorName:
    """Which detector is chosen where the choice is left to us."""

    @pytest.mark.parametrize(
        ('model', 'mode', 'expected'),
        [
            ('blazepose_full', 'single', ('blazepose_full', 'yolox_nano_openvino')),
            ('blazepose_full', 'multi', ('yolox_nano_openvino',)),
            ('blazepose_full', 'auto', ('yolox_nano_openvino',)),
            ('movenet_lightning', 'single', ('yolox_nano_openvino',)),
            ('movenet_lightning', 'multi', ('yolox_nano_openvino',)),
            ('tinypose_256', 'auto', (WIDE_DETECTOR, 'yolox_nano_openvino')),
        ],
    )
    def test_where_all_are_installed(self, model, mode, expected, monkeypatch):
        pytest.importorskip('openvino')
        store = ModelStore()
        monkeypatch.setattr(store, 'locate', lambda name: {})
        assert detector_names(EstimatorConfig(model=model, mode=mode), store) == expected

    @pytest.mark.parametrize('model', ['movenet_lightning', 'tinypose_256'])
    def test_without_openvino(self, model, monkeypatch):
        store = ModelStore()
        monkeypatch.setattr(store, 'locate', lambda name: {})
        monkeypatch.setattr('pose_ros.core.factory.is_installed', lambda: False)
        assert detector_names(EstimatorConfig(model=model), store) == ('yolox_nano',)

    @pytest.mark.parametrize(
        ('model', 'expected'),
        [('blazepose_full', 'blazepose_full'), ('movenet_lightning', OWN_DETECTOR)],
    )
    @pytest.mark.parametrize('mode', ['single', 'multi'])
    def test_where_the_ones_for_many_are_missing(self, model, mode, expected):
        config = EstimatorConfig(model=model, mode=mode)
        assert detector_names(config, PartOfStore(*FOR_MANY)) == (expected,)

    def test_a_name_is_taken_as_it_is(self):
        config = EstimatorConfig(detector='ssd', mode='multi')
        assert detector_names(config, PartOfStore(*FOR_MANY)) == ('ssd',)


class TestFinder:
    def test_blazepose_follows_its_circle_and_has_its_detector(self):
        finder = build_finder(EstimatorConfig(), ModelStore())
        assert isinstance(finder, TopDown)
        assert isinstance(finder.regions(), AlignmentRegions)
        assert finder.detector_search is not None
        assert finder.topology.name == 'blazepose33'

    @pytest.mark.model('movenet_lightning')
    def test_movenet_follows_keypoints_and_searches_the_frame_without_a_good_detector(self):
        store = PartOfStore(*FOR_MANY)
        finder = build_finder(EstimatorConfig(model='movenet_lightning'), store)
        assert isinstance(finder, TopDown)
        assert finder.detector_search is None
        assert isinstance(finder.regions(), KeypointRegions)
        # The padding follows the settings.
        finder.config = replace(finder.config, crop_padding=2.0)
        assert finder.regions().padding == 2.0

    @pytest.mark.model('movenet_lightning', 'yolox_nano')
    def test_movenet_has_the_better_detector_in_single_where_it_is_installed(self):
        finder = build_finder(EstimatorConfig(model='movenet_lightning'), ModelStore())
        assert finder.detector_search is not None

    @pytest.mark.model('tinypose_256', 'picodet_416', 'yolox_nano')
    @pytest.mark.parametrize('mode', ['single', 'multi'])
    def test_tinypose_follows_boxes_of_its_aspect_and_always_has_a_detector(self, mode):
        pytest.importorskip('openvino')
        finder = build_finder(EstimatorConfig(model='tinypose_256', mode=mode), ModelStore())
        assert isinstance(finder, TopDown)
        assert finder.detector_search is not None
        box = Box(100.0, 100.0, 300.0, 200.0)
        crop = finder.regions().around(Detection(box, 0.9, upright(box)))
        # 192 × 256 px: a box of 300 px across needs 400 down, and a quarter more.
        assert (crop.centre, crop.side) == ((250.0, 200.0), pytest.approx(500.0))

    @pytest.mark.model('posenet')
    def test_posenet_sees_everybody_at_once(self):
        finder = build_finder(EstimatorConfig(model='posenet', mode='multi'), ModelStore())
        assert isinstance(finder, BottomUp)

    @pytest.mark.model('posenet')
    def test_a_model_of_many_needs_no_detector(self):
        store = PartOfStore(*FOR_MANY, OWN_DETECTOR)
        estimator = PoseEstimator(EstimatorConfig(model='posenet', mode='single'), store)
        estimator.reconfigure(replace(estimator.config, mode='multi'))
        assert estimator.config.mode == 'multi'


class Crowd:
    """A model that sees everybody at once; people come in the order in which they are sure."""

    min_score = 0.4

    def __init__(self, world):
        self.world, self.topology = world, world.topology

    def estimate_all(self, frame):
        bodies = sorted(self.world.people, key=lambda body: -body.score)
        return [body.pose for body in bodies]


class TestBottomUp:
    @pytest.fixture
    def make(self, world, monkeypatch):
        def make(**settings):
            monkeypatch.setattr('pose_ros.core.factory._load_multi_model', lambda *_: Crowd(world))
            return PoseEstimator(EstimatorConfig(model='posenet', smoothing='none', **settings))

        return make

    def test_each_has_an_id(self, make, world, make_body):
        estimator = make(mode='multi')
        bodies = [make_body(x=150.0), make_body(x=450.0, shirt='blue', height=340.0)]
        for index in range(3):
            people = estimator.estimate(world.frame(index / 10, *bodies))
        assert sorted(person.id for person in people) == [1, 2]
        assert estimator.statistics.detections == 0
        assert estimator.statistics.multi

    def test_single_keeps_to_one(self, make, world, make_body):
        """Not to whoever is the largest or the surest at the moment."""
        estimator = make(mode='single')
        me, other = make_body(x=150.0), make_body(x=450.0, shirt='blue', height=340.0)
        for index in range(3):
            estimator.estimate(world.frame(index / 10, me))
        for index in range(3, 9):
            (person,) = estimator.estimate(world.frame(index / 10, me, other))
            assert person.id == 1

    def test_who_is_not_sure_is_no_one(self, make, world, make_body):
        estimator = make(mode='multi')
        bodies = [make_body(x=150.0), make_body(x=450.0, score=0.5), make_body(x=300, score=0.3)]
        assert len(estimator.estimate(world.frame(0.0, *bodies))) == 2
        estimator.reconfigure(replace(estimator.config, person_threshold=0.6))
        estimator.reset()
        assert len(estimator.estimate(world.frame(0.1, *bodies))) == 1
