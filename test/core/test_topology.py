import numpy as np
import pytest

from pose_ros.core.topology import (
    BLAZEPOSE33,
    BODY25,
    COCO17,
    COCO18,
    COCO_HIPS,
    COCO_SHOULDERS,
    COCO_WRISTS,
    TOPOLOGIES,
    keypoint_map,
    topology_named,
)


@pytest.mark.parametrize('topology', TOPOLOGIES.values(), ids=lambda t: t.name)
class TestTopology:
    def test_names_are_unique(self, topology):
        assert len(set(topology.keypoint_names)) == len(topology) == int(topology.name[-2:])

    def test_mirror_swaps_each_side_and_back(self, topology):
        mirror = topology.mirror
        assert (mirror[mirror] == np.arange(len(topology))).all()
        assert mirror[topology.index('left_wrist')] == topology.index('right_wrist')
        assert mirror[topology.index('nose')] == topology.index('nose')

    def test_sides_are_opposite_under_the_mirror(self, topology):
        assert (topology.sides[topology.mirror] == -topology.sides).all()
        assert topology.sides[topology.index('nose')] == 0

    def test_bones_are_symmetric_and_join_different_keypoints(self, topology):
        bones = {frozenset(edge) for edge in topology.edges}
        assert len(bones) == len(topology.edges)
        assert {frozenset(topology.mirror[list(bone)].tolist()) for bone in bones} == bones
        assert all(len(bone) == 2 for bone in bones)

    def test_every_keypoint_hangs_on_a_bone(self, topology):
        assert set(np.ravel(topology.edges)) == set(range(len(topology)))


def test_bones_follow_anatomy():
    edges = {frozenset(edge) for edge in COCO17.edges}
    assert frozenset((COCO17.index('left_elbow'), COCO17.index('left_wrist'))) in edges
    assert frozenset((COCO17.index('left_wrist'), COCO17.index('right_wrist'))) not in edges


def test_the_33_contain_the_17_by_name():
    index = keypoint_map(BLAZEPOSE33, COCO17)
    assert [BLAZEPOSE33.keypoint_names[i] for i in index] == list(COCO17.keypoint_names)


@pytest.mark.parametrize('source', [COCO18, BODY25], ids=lambda t: t.name)
def test_openpose_contains_the_17_by_name(source):
    index = keypoint_map(source, COCO17)
    assert [source.keypoint_names[i] for i in index] == list(COCO17.keypoint_names)


def test_25_contain_the_18_with_the_neck():
    assert keypoint_map(BODY25, COCO18)[COCO18.index('neck')] == BODY25.index('neck')


def test_bone_distances_count_the_bones_between():
    def between(topology, a, b):
        return topology.bone_distances[topology.index(a), topology.index(b)]

    assert between(COCO18, 'left_wrist', 'left_wrist') == 0
    assert between(COCO18, 'left_wrist', 'left_elbow') == 1
    assert between(COCO18, 'left_wrist', 'right_wrist') == 6  # over the neck
    assert between(BODY25, 'left_heel', 'mid_hip') == 4
    # COCO's 17 have no neck: the face hangs on nothing.
    assert between(COCO17, 'nose', 'left_shoulder') == len(COCO17)


def test_the_nearest_found_is_the_next_along_the_body():
    found = np.zeros(len(COCO18), bool)
    found[[COCO18.index('neck'), COCO18.index('left_elbow')]] = True
    nearest = COCO18.nearest(found)
    names = {COCO18.keypoint_names[i]: COCO18.keypoint_names[j] for i, j in enumerate(nearest)}
    assert names['left_wrist'] == names['left_elbow'] == 'left_elbow'
    assert names['right_wrist'] == names['nose'] == names['left_ankle'] == 'neck'
    face = np.arange(len(COCO17)) == COCO17.index('nose')
    assert (COCO17.nearest(face) == COCO17.index('nose')).all()


def test_the_17_do_not_contain_the_33():
    with pytest.raises(ValueError, match='unknown keypoint of coco17'):
        keypoint_map(COCO17, BLAZEPOSE33)


def test_unknown_format_lists_the_known():
    with pytest.raises(ValueError, match=r"'mpi15', known are: coco17, blazepose33, coco18"):
        topology_named('mpi15')


@pytest.mark.parametrize(
    ('pair', 'joint'),
    [(COCO_SHOULDERS, 'shoulder'), (COCO_WRISTS, 'wrist'), (COCO_HIPS, 'hip')],
)
def test_pairs_of_coco_are_left_and_right(pair, joint):
    assert pair == [COCO17.index(f'left_{joint}'), COCO17.index(f'right_{joint}')]
