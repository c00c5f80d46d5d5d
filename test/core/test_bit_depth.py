"""16-bit samples: dark cameras become bright, and the scale does not flicker."""

import numpy as np
import pytest

from pose_ros.core.bit_depth import BitDepth


def ramp(bits, shift=0):
    return (np.linspace(0, 2**bits - 1, 4096).reshape(64, 64)).astype(np.uint16) << shift


@pytest.mark.parametrize('bits', range(8, 17))
def test_cameras_of_any_depth_fill_the_range(bits):
    scaled = BitDepth().to_8_bits(ramp(bits))
    assert scaled.dtype == np.uint8
    expected = np.linspace(0, 255, 4096).reshape(64, 64)
    assert np.abs(scaled - expected).max() <= 1


def test_values_in_the_higher_bits_and_any_byte_order():
    expected = BitDepth().to_8_bits(ramp(12))
    assert (BitDepth().to_8_bits(ramp(12, shift=4)) == expected).all()
    assert (BitDepth().to_8_bits(ramp(12).astype('>u2')) == expected).all()


def test_alpha_does_not_count():
    colours = np.dstack([ramp(10)] * 3)
    opaque = np.full((64, 64, 1), 65535, np.uint16)
    scaled = BitDepth().to_8_bits(np.concatenate([colours, opaque], axis=2))
    assert (scaled[..., :3] == BitDepth().to_8_bits(colours)).all()
    assert scaled[..., 0].max() == 255


def test_a_brighter_image_counts_at_once_a_darker_one_late():
    depth = BitDepth()
    depth.to_8_bits(ramp(10))
    assert depth.bits == 10
    assert depth.to_8_bits(ramp(12)).max() == 255
    assert depth.bits == 12
    for _ in range(99):
        depth.to_8_bits(ramp(10))
        assert depth.bits == 12
    depth.to_8_bits(ramp(10))
    assert depth.bits == 10


def test_light_that_changes_by_half_moves_nothing():
    depth = BitDepth()
    depth.to_8_bits(ramp(12))
    for number in range(500):
        depth.to_8_bits(ramp(11))
        assert depth.bits == 12, number
    for number in range(1000):  # a bright spot now and then
        depth.to_8_bits(ramp(12 if number % 90 == 0 else 9))
        assert depth.bits == 12, number


def test_a_black_image_is_black():
    assert BitDepth().to_8_bits(np.zeros((4, 4), np.uint16)).max() == 0
