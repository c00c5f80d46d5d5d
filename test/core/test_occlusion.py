"""Painting over neighbours: who is covered, who is not, and by the order of size."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pose_ros.actor import Actor, Clothes, Scene, frames
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.models.crop import CropReader, apply_affine
from pose_ros.core.models.occlusion import BodyMask, OcclusionMask
from pose_ros.core.topology import COCO17
from pose_ros.core.tracking.keypoint_filter import KeypointFilter, Repairs
from pose_ros.core.tracking.track import Track
from pose_ros.core.types import Crop, Frame

CONFIG = EstimatorConfig(smoothing='none')
GREY = (114, 114, 114)
TORSO = [5, 6, 11, 12]


def figure(body):
    return BodyMask(body.joints, body.height)


def painted(person, *neighbours):
    """White image [480, 640, 3] with the neighbours painted over."""
    image = np.full((480, 640, 3), 255, np.uint8)
    OcclusionMask(neighbours, person).paint(image, np.eye(2, 3))
    return image


def is_grey(image, points):
    """Mask of points that are painted over."""
    x, y = np.asarray(points).round().astype(int).T
    return (image[y, x] == GREY).all(axis=-1)


def between(body, start, end, share=0.5):
    """Point on a limb."""
    return body.joints[start] + share * (body.joints[end] - body.joints[start])


class TestAlone:
    def test_a_neighbour_is_painted_over_from_head_to_feet(self, make_body):
        me, other = make_body(x=150.0), make_body(x=450.0)
        view = painted(figure(me), figure(other))
        assert is_grey(view, other.joints).all()
        middles = [
            between(other, *limb)
            for limb in ((5, 7), (7, 9), (11, 13), (13, 15), (14, 16), (5, 12), (0, 5))
        ]
        assert is_grey(view, middles).all()
        assert not is_grey(view, me.joints).any()
        # No more of the image than a body takes.
        assert 0.01 < is_grey(view, np.argwhere(np.ones((480, 640)))[:, ::-1]).mean() < 0.1

    def test_the_frame_itself_is_never_written_to(self, make_body):
        frame = Frame(np.full((480, 640, 3), 255, np.uint8))
        mask = OcclusionMask([figure(make_body())])
        image, _ = CropReader((64, 64)).read(frame, Crop((320, 240), 640), mask)
        assert (image == GREY).all(axis=-1).any()
        assert (frame.image == 255).all()

    def test_no_one_to_paint_over(self, make_body):
        assert (painted(figure(make_body())) == 255).all()

    def test_of_who_stands_behind_only_what_shows_beside(self, make_body):
        me = make_body(x=300.0, height=300.0)
        behind = make_body(x=340.0, height=250.0)
        view = painted(figure(me), figure(behind))
        assert not is_grey(view, me.joints).any()
        assert not is_grey(view, [between(me, 5, 12)]).any()
        # The far arm shows beside.
        assert is_grey(view, behind.joints[[7, 9]]).all()

    def test_who_stands_in_front_covers(self, make_body):
        me = make_body(x=300.0, height=250.0)
        front = make_body(x=340.0, height=300.0)
        view = painted(figure(me), figure(front))
        assert is_grey(view, front.joints).all()
        # What is not hidden of the person stays.
        assert not is_grey(view, me.joints[[8, 10]]).any()

    def test_the_nearest_of_many_covers_last(self, make_body):
        front = make_body(x=380.0, height=320.0)
        me, behind = make_body(x=320.0, height=280.0), make_body(x=260.0, height=240.0)
        for others in ([front, behind], [behind, front]):
            view = painted(figure(me), *[figure(other) for other in others])
            assert is_grey(view, front.joints).all()
            assert not is_grey(view, [me.joints[8], between(me, 6, 12, 0.2)]).any()
            assert is_grey(view, behind.joints[[8, 10]]).all()

    def test_without_a_person_all_are_painted_over(self, make_body):
        bodies = [make_body(x=250.0, height=240.0), make_body(x=300.0, height=300.0)]
        view = painted(None, *[figure(body) for body in bodies])
        assert all(is_grey(view, body.joints).all() for body in bodies)

    @pytest.mark.parametrize('x', [-300.0, 5.0, 635.0, 1e9])
    def test_bodies_beyond_the_edge(self, make_body, x):
        view = painted(figure(make_body()), figure(make_body(x=x)))
        assert view.shape == (480, 640, 3)

    def test_a_body_of_a_single_point(self):
        point = BodyMask(np.full((17, 2), 100.0), 1.0)
        assert is_grey(painted(None, point), [(100, 100)]).all()


@pytest.mark.parametrize('snap', [False, True])
@pytest.mark.parametrize('rotation', [0.0, 1.0])
@pytest.mark.parametrize('channels', ['rgb', 'bgr'])
def test_a_crop_is_painted_where_the_frame_would_be(make_body, snap, rotation, channels):
    me, other = make_body(x=300.0), make_body(x=400.0, height=330.0)
    mask = OcclusionMask([figure(other)], figure(me))
    crop = Crop((330.0, 290.0), 400.0, rotation)
    painted_frame = np.zeros((480, 640, 3), np.uint8)
    mask.paint(painted_frame, np.eye(2, 3))
    expected, _ = CropReader((128, 128), snap=snap).read(
        Frame(painted_frame, channels=channels), crop
    )
    frame = Frame(np.zeros((480, 640, 3), np.uint8), channels=channels)
    image, to_frame = CropReader((128, 128), snap=snap).read(frame, crop, mask)
    differing = (image == GREY).all(axis=-1) != (expected > 57).all(axis=-1)
    assert (expected > 57).mean() > 0.1
    assert differing.mean() < 0.02
    head = apply_affine(np.linalg.inv(np.vstack([to_frame, [0, 0, 1]]))[:2], other.joints[:1])
    assert is_grey(image, 128 * head).all()


def test_the_neighbours_shirt_is_gone_and_the_own_is_there():
    """On the actor: what is left of two shirts where one stands before the other."""
    shirts = {'far': (200, 40, 40), 'near': (40, 60, 200)}
    far = Actor('stand', x=300, y=430, height=280, distance=4, clothes=Clothes(shirts['far']))
    near = Actor('stand', x=375, y=460, height=360, distance=3, clothes=Clothes(shirts['near']))
    shown = next(iter(frames(Scene(actors=(far, near), duration=1.0), seed=1)))
    figures = [BodyMask(person.keypoints, person.height) for person in shown.people]

    def left(image, name):
        """Pixels of a shirt, by its hue."""
        hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)
        hue = int(cv2.cvtColor(np.uint8([[shirts[name]]]), cv2.COLOR_RGB2HSV)[0, 0, 0])
        apart = np.abs((hsv[..., 0].astype(int) - hue + 90) % 180 - 90)
        return np.count_nonzero((apart < 8) & (hsv[..., 1] > 90))

    for own, other in ((0, 1), (1, 0)):
        names = list(shirts)
        view = shown.image.copy()
        OcclusionMask([figures[other]], figures[own]).paint(view, np.eye(2, 3))
        assert left(view, names[other]) < 0.25 * left(shown.image, names[other])
        assert left(view, names[own]) > 0.7 * left(shown.image, names[own])


def test_a_person_who_is_tracked_twice_is_not_painted_over(
    world, make_estimator, make_body, sighting_of, monkeypatch
):
    finder = make_estimator()._finder
    masks, estimate = [], world.estimate

    def record(frame, crop, mask=None):
        masks.append(mask)
        return estimate(frame, crop, mask)

    monkeypatch.setattr(world, 'estimate', record)

    def masked(*bodies):
        """Whether others are painted over in the views of tracked people."""
        tracks = []
        for number, body in enumerate(bodies):
            regions, filters = finder.regions(), KeypointFilter(CONFIG, COCO17, Repairs())
            first = sighting_of(body)
            regions.update(first.frame, first.pose)
            tracks.append(Track(number, first, regions, filters))
        masks.clear()
        finder.follow(world.frame(0.1, *bodies), tracks)
        return [mask is not None for mask in masks[: len(bodies)]]

    assert masked(make_body(), make_body(x=322.0)) == [False, False]
    assert masked(make_body(), make_body(x=360.0, shirt='blue')) == [True, True]


def test_who_is_in_front_is_known_of_repaired_people_too(make_body, sighting_of):
    config = EstimatorConfig(fix_left_right=True)
    keypoint_filter = KeypointFilter(config, COCO17, repairs := Repairs())
    body, neighbour = make_body(), figure(make_body(x=340.0))
    for i in range(30):
        seen = replace(sighting_of(body, i / 30), in_front=(neighbour,))
        if i == 29:
            pose = replace(seen.pose, keypoints=seen.pose.keypoints[COCO17.mirror])
            seen = replace(seen, pose=pose)
        repaired = keypoint_filter.repair(seen)
        keypoint_filter.observe(repaired)
    assert repairs.swaps == 1
    assert repaired.in_front == (neighbour,)
    np.testing.assert_allclose(repaired.pose.keypoints, body.joints, atol=1e-3)
