from itertools import pairwise

import numpy as np
import pytest

from pose_ros.core.text_box import TextBox

SIZE = (300, 200)


def placed(*wanted, text='1 wave'):
    plates = []
    for x, y in wanted:
        plate = TextBox(text, 0.5)
        plate.place(x, y, SIZE, plates)
        plates.append(plate)
    return plates


def area(plate):
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    plate.draw(image, (255, 255, 255))
    return image.any(axis=2)


def test_a_plate_alone_is_where_it_is_wanted():
    (plate,) = placed((40, 50))
    assert (plate.x, plate.y) == (40, 50)


@pytest.mark.parametrize('corner', [(-50, -50), (500, -50), (-50, 500), (500, 500)])
def test_a_plate_is_whole_in_the_image(corner):
    (plate,) = placed(corner)
    (inside,) = placed((100, 80))
    assert area(plate).sum() == area(inside).sum()


@pytest.mark.parametrize('y', [2, 60, 195])
def test_plates_do_not_hide_each_other(y):
    plates = placed((100, y), (110, y + 3), (90, y - 2), (120, y), (10, y))
    together = sum(area(plate).astype(int) for plate in plates)
    assert together.max() == 1
    # As near as can be.
    heights = sorted(plate.y for plate in plates[:4])
    assert max(b - a for a, b in pairwise(heights)) <= plates[0].height + 5
    assert plates[4].y == plates[0].y


def test_a_crowd_that_has_no_room_is_drawn_all_the_same():
    plates = placed(*[(100, 80)] * 20)
    assert {plate.x for plate in plates} == {100}
    assert all(0 < plate.y < SIZE[1] - plate.height for plate in plates)


def test_a_faint_plate_lets_the_image_through():
    (plate,) = placed((40, 50))
    image = np.full((SIZE[1], SIZE[0], 3), 200, np.uint8)
    plate.draw(image, (255, 255, 255), strength=0.5)
    corner = image[plate.y + 4, plate.x + 4]
    assert (np.abs(corner.astype(int) - 108) <= 2).all()
    assert (image[:40] == 200).all()


def test_lines_stand_below_each_other_and_all_inside():
    one, two, three = (
        TextBox(text, 0.5) for text in ('wave', 'wave\nsquat 3', 'a\nb\nsquat 3 times')
    )
    assert one.height < two.height < three.height
    assert three.height - two.height == two.height - one.height
    assert three.width == TextBox('squat 3 times', 0.5).width
    image = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    two.place(100, 80, SIZE, [])
    two.draw(image, (0, 0, 255), ground=(0, 0, 255))
    white = np.flatnonzero((image[..., 1] > 60).any(axis=1))
    # Two lines of letters with a gap, both on the plate.
    assert (np.diff(white) > 1).sum() == 1
    assert two.y < white.min() < white.max() < two.y + two.height
