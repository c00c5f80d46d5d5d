"""Images of bags as frames: time, topics, damage."""

from dataclasses import replace
import shutil

from image_bags import fall_frames, write_bag
import numpy as np
import pytest

from pose_ros.core.media import MediaError
from pose_ros.recordings.bag_images import open_bag_images
from pose_ros.recordings.image_times import ImageTimes


@pytest.fixture(scope='module')
def few():
    return fall_frames()[:20]


@pytest.mark.parametrize('storage', ['MCAP', 'SQLITE3'])
@pytest.mark.parametrize('by_file', [False, True])
def test_images_are_read_with_their_stamps(few, tmp_path, storage, by_file):
    bag = write_bag(tmp_path / 'bag', few, storage)
    media = open_bag_images(str(bag.file if by_file else bag.folder))
    read = list(media.frames())
    assert (media.topic, media.frame_count) == ('/camera/image_raw', 20)
    assert media.frame_rate == pytest.approx(12.0, rel=0.1)
    assert len(read) == 20
    for frame, truth in zip(read, few):
        np.testing.assert_array_equal(frame.image, truth.image)
        assert frame.channels == 'rgb'
        assert frame.stamp == pytest.approx(truth.stamp - few[0].stamp, abs=1e-6)
    assert read[3].header.frame_id == 'camera'
    assert read[3].zero + read[3].stamp == pytest.approx(
        read[3].header.stamp.sec + read[3].header.stamp.nanosec * 1e-9, abs=1e-6
    )


@pytest.mark.parametrize('storage', ['MCAP', 'SQLITE3'])
def test_images_from_a_time_are_those_from_the_beginning(few, tmp_path, storage):
    media = open_bag_images(str(write_bag(tmp_path / 'bag', few, storage).folder))
    for start in (0.0, 0.5, 1.2):
        expected = [frame for frame in media.frames() if frame.time >= start]
        found = list(media.frames_from(start))
        assert [f.time for f in found] == [f.time for f in expected]
        np.testing.assert_array_equal(found[0].image, expected[0].image)
    assert list(media.frames_from(99.0)) == []


@pytest.mark.parametrize('storage', ['MCAP', 'SQLITE3'])
@pytest.mark.parametrize('by_file', [False, True])
def test_a_bag_that_is_cut_off_is_read_up_to_there(few, tmp_path, storage, by_file):
    """As a recorder leaves it that lost its power: no index, no metadata.yaml."""
    bag = write_bag(tmp_path / 'bag', few, storage)
    content = bag.file.read_bytes()
    bag.file.write_bytes(content[: len(content) * 6 // 10])
    (bag.folder / 'metadata.yaml').unlink()
    media = open_bag_images(str(bag.file if by_file else bag.folder))
    read = []
    with pytest.raises(MediaError, match=r'damaged or cut off: .+, after \d+ images'):
        keep(read, media.frames())
    assert 10 <= len(read) <= 12
    np.testing.assert_array_equal(read[9].image, few[9].image)


def keep(kept, frames):
    """Keep frames up to an error."""
    for frame in frames:  # what extend would have taken is lost at an error
        kept.append(frame)


def test_images_out_of_order_are_left_out_as_the_node_does(few, tmp_path):
    mixed = [*few[:3], few[1], *few[3:6], few[5], *few[6:8]]
    read = list(open_bag_images(str(write_bag(tmp_path / 'bag', mixed).folder)).frames())
    assert len(read) == 8
    assert (np.diff([frame.stamp for frame in read]) > 0).all()


def zeros(count):
    return [0.0] * count


def equal(count):
    return [50.0] * count


def back(count):
    """After half of the images by 20 s."""
    return [50.0 + number / 12 - 20.0 * (number >= count // 2) for number in range(count)]


@pytest.mark.parametrize(
    ('stamps', 'told'),
    [
        (zeros, '20 of 20 images have no usable stamp'),
        (equal, '19 of 20 images have no usable stamp'),
        (back, 'the stamps jump back (1×)'),
    ],
)
def test_images_with_unusable_stamps_are_all_read(few, tmp_path, caplog, stamps, told):
    bag = write_bag(tmp_path / 'bag', few, stamps=stamps(20))
    media = open_bag_images(str(bag.folder))
    read = list(media.frames())
    expected = [truth.stamp - few[0].stamp for truth in few]
    assert [frame.time for frame in read] == pytest.approx(expected, abs=1e-6)
    (line,) = caplog.messages
    assert told in line
    assert {frame.zero for frame in read} == {media.zero}
    part = replace(media, start=0.5, duration=0.5)
    assert [f.time for f in part.frames()] == [f.time for f in read if 0.5 <= f.time < 1.0]
    for start in (0.0, 0.5, 1.4):
        found = [frame.time for frame in media.frames_from(start)]
        wanted = [time for time in expected if time >= start - 1e-6]
        assert found == pytest.approx(wanted, abs=1e-6)


def test_times_go_on_between_usable_and_unusable_stamps():
    """Recorded 0.1 s apart; the last is recorded twice."""
    times = ImageTimes()
    stamps = [7.0, 7.1, 0.0, 7.3, 7.45, 7.4, 3.0, 3.1, 3.1]
    recorded = [50.0, 50.1, 50.2, 50.3, 50.4, 50.5, 50.6, 50.7, 50.7]
    found = [times.read(*one) for one in zip(stamps, recorded)]
    read = [0.0, 0.1, 0.2, 0.3, 0.45, None, 0.65, 0.75, None]
    assert found == [None if time is None else pytest.approx(time) for time in read]
    assert times.zero == 7.0


def test_a_place_in_a_slow_simulation_is_found_by_its_stamps():
    times = ImageTimes((5.0, 1000.0))
    assert [times.read(9.0, 1008.0), times.read(9.1, 1008.2)] == pytest.approx([4.0, 4.1])


def test_the_topic_must_be_clear(few, tmp_path):
    topics = ('/left/image_raw', '/right/image_raw', '/left/depth/image_raw')
    folder = str(write_bag(tmp_path / 'bag', few[:2], topics=topics).folder)
    with pytest.raises(MediaError, match=r'several topics of images.*--topic.*/left/image_raw'):
        open_bag_images(folder)
    with pytest.raises(MediaError, match=r'no such topic of images /front'):
        open_bag_images(folder, '/front')
    with pytest.raises(MediaError, match=r'several topics of images image_raw'):
        open_bag_images(folder, 'image_raw')
    assert open_bag_images(folder, 'right/image_raw').topic == '/right/image_raw'
    assert len(list(open_bag_images(folder, '/left/image_raw').frames())) == 2


def test_a_bag_without_images_says_so(few, tmp_path):
    folder = str(write_bag(tmp_path / 'bag', few[:2], topics=('/image/compressedDepth',)).folder)
    with pytest.raises(MediaError, match=r'bag: contains no images'):
        open_bag_images(folder)


def test_depth_images_are_not_taken_for_colour(few, tmp_path):
    topics = ('/left/image_raw', '/left/depth/image_raw')
    folder = str(write_bag(tmp_path / 'bag', few[:2], topics=topics).folder)
    assert open_bag_images(folder).topic == '/left/image_raw'


def test_a_file_that_is_no_bag_is_refused(tmp_path):
    file = tmp_path / 'x.mcap'
    file.write_bytes(b'no bag at all')
    with pytest.raises(MediaError, match=r'x\.mcap: cannot be read as a bag'):
        open_bag_images(str(file))
    shutil.copy(file, tmp_path / 'x.db3')
    with pytest.raises(MediaError, match=r'x\.db3: cannot be read as a bag'):
        open_bag_images(str(tmp_path / 'x.db3'))
