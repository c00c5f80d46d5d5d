"""``pose-ros view`` as a process, and its page in a browser."""

from contextlib import ExitStack, closing
import json
from pathlib import Path
import re
import signal
import subprocess
import sys

from image_bags import fall_frames, write_bag
import numpy as np
import pytest

from pose_ros.actor.hand_pose import HAND_POSES, hand_points, seen_hand
from pose_ros.cli.main import app
from pose_ros.cli.view import analysing
from pose_ros.core.colours import SIDE_COLOURS, pixel_colour
from pose_ros.core.configuration import EstimatorConfig
from pose_ros.core.media import VideoWriter
from pose_ros.core.topology import COCO17
from pose_ros.core.types import Frame
from pose_ros.recordings.bag_writer import BagWriter
from pose_ros.recordings.show_files import open_show
from pose_ros.records import frame_record
from pose_ros.web.access import make_access, page_address

web_client = pytest.importorskip('web_client', reason='needs aiohttp', exc_type=ImportError)
from browser import Browser, needs_chromium, wait_for  # noqa: E402

from pose_ros.web.show_server import ShowServer  # noqa: E402


@pytest.fixture(scope='module')
def fall(tmp_path_factory):
    """Files of a person who falls: video and bag, and what estimate and analyse made of them."""
    folder = tmp_path_factory.mktemp('fall')
    images = fall_frames()
    with VideoWriter(folder / 'fall.mp4', 12) as writer:
        for frame in images:
            writer.write(frame.image[..., ::-1], frame.stamp)
    write_bag(folder / 'recording', images)
    video = str(folder / 'fall.mp4')
    for command in (
        ['estimate', video, '--json', str(folder / 'people.jsonl')],
        [
            *('analyse', video, '--json', str(folder / 'events.jsonl')),
            *('--angles', str(folder / 'angles.csv')),
        ],
        ['analyse', str(folder / 'recording'), '--bag', str(folder / 'results')],
    ):
        with pytest.raises(SystemExit) as exit_:
            app(command, prog_name='pose-ros')
        assert not exit_.value.code
    return folder


@pytest.fixture
def show(fall):
    """Function that shows files of that folder; returns the address of the page."""
    with ExitStack() as stack:

        def start(*files):
            opened = open_show([str(fall / file) for file in files])
            server = ShowServer(opened, 'test', make_access('127.0.0.1')).server
            server.start('127.0.0.1', 0)
            stack.callback(server.stop)
            stack.enter_context(analysing(opened, EstimatorConfig()))
            return page_address('127.0.0.1', server.port, '')

        yield start


class Watcher:
    """A viewer that asks."""

    def __init__(self, url):
        self._thread = web_client.LoopThread()
        self._viewer = web_client.Visitor(self._thread, url)
        self.frames = self._viewer.frames

    def ask(self, **request):
        number = request['number'] = len(self._viewer.of('reply'))
        self._viewer.send(request)
        return wait_for(lambda: self._viewer.of('reply')[number:])[0]

    def whole(self):
        """The recording, once it is read."""

        def read():
            content = self.ask(type='recording', events=0)['content']
            return content if content['progress'] == 1 else None

        return wait_for(read, 'the recording')

    def image(self, time):
        count = len(self.frames)
        assert self.ask(type='frame', time=time, since=time - 1)['ok']
        return wait_for(lambda: self.frames[count:], 'an image')[0]

    def close(self):
        self._viewer.close()
        self._thread.close()


@pytest.mark.parametrize(
    'files',
    [
        ('fall.mp4',),
        ('recording',),
        ('people.jsonl', 'events.jsonl', 'angles.csv'),
        ('fall.mp4', 'results'),
        ('recording', 'results'),
        ('events.jsonl', 'fall.mp4'),
    ],
    ids=' '.join,
)
def test_a_fall_in_all_kinds_of_files(show, files):
    with closing(Watcher(show(*files))) as watcher:
        whole = watcher.whole()
        falls = [e for e in whole['events'] if e['kind'] == 'fall']
        assert [e['phase'] for e in falls] == ['falling', 'fallen']
        assert whole['fault'] == ''
        assert whole['end'] == pytest.approx(4.5, abs=0.01)
        before, jpeg = watcher.image(1.0)
        after, _ = watcher.image(4.4)
        assert jpeg.startswith(b'\xff\xd8')
        assert before['time'] == pytest.approx(1.0, abs=0.05)
        (standing,), (lying,) = before['people'], after['people']
        assert not standing['fallen']
        assert lying['fallen']
        assert lying['words'][0] == 'fallen'
        reply = watcher.ask(type='frame', time=2.0, since=1.0)
        if 'events.jsonl' not in files or 'angles.csv' in files:
            assert len(reply['content']['angles']) == pytest.approx(12, abs=2)


@pytest.fixture(scope='module')
def hand_results(fall):
    """Lines and a bag of people without a body whose hand moves by 20 px a second."""
    shape = hand_points(HAND_POSES['victory'], 'left')
    lines = []
    with BagWriter(fall / 'hand_results', 'test', COCO17) as bag:
        for number in range(20):
            frame = Frame(np.zeros((480, 640, 3), np.uint8), number / 10)
            hand = seen_hand(shape, (300 + 2 * number, 300), 900.0, 'left', 0)
            lines.append(json.dumps(frame_record('gone.mp4', number, frame, [], [hand])))
            bag.write(frame, [], hands=[hand] if number < 15 else [])
    (fall / 'hands.jsonl').write_text('\n'.join(lines))


@pytest.mark.parametrize('file', ['hands.jsonl', 'hand_results'])
def test_hands_of_results_are_shown(show, hand_results, file):
    with closing(Watcher(show(file))) as watcher:
        watcher.whole()
        for time in (0.5, 1.0):
            (hand,) = watcher.image(time)[0]['hands']
            assert hand['points'][0] == pytest.approx([300 + 20 * time, 300], abs=0.1)
            assert (hand['format'], len(hand['points'])) == ('hand21', 21)
        assert len(watcher.image(1.8)[0]['hands']) == (file == 'hands.jsonl')


@needs_chromium
def test_the_page_draws_hands_of_results(show, hand_results, tmp_path):
    with closing(Browser(tmp_path)) as browser:
        browser.open(show('hand_results'))
        wait_for(lambda: browser.text('#clock') == '0.0 / 1.9 s', 'the first frame')

        def dots():
            x, y, width, height = (round(v) for v in browser.place('#image'))
            image = browser.screenshot()[y : y + height, x : x + width].astype(int)
            left = np.array([pixel_colour(SIDE_COLOURS[-1], 'rgb')])
            return np.argwhere((np.abs(image - left) < 20).all(axis=2))

        wait_for(lambda: len(dots()) > 50, 'dots in the colour of left hands')
        assert browser.faults == []


@pytest.mark.parametrize(
    ('files', 'reasons'),
    [
        (('people.jsonl', 'events.jsonl', 'angles.csv'), ['they are of {fall}/fall.mp4']),
        (('results',), []),
    ],
)
def test_results_of_another_video_are_told_from_the_right_ones(fall, tmp_path, files, reasons):
    small = tmp_path / 'other.mp4'
    with VideoWriter(small, 12) as writer:
        for number in range(12):
            writer.write(np.zeros((240, 320, 3), np.uint8), number / 12)
    expected = [reason.format(fall=fall) for reason in reasons]
    expected += ['their images are 640×480, not 320×240', 'they end at 4.5 s, it at 1.0 s']
    show = open_show([str(small), *(str(fall / name) for name in files)])
    assert show.fault == f'the results may not be those of {small}: {"; ".join(expected)}'
    # By another name it is the same video.
    (tmp_path / 'new').mkdir()
    for name in ('new/fall.mp4', 'renamed.mp4'):
        (tmp_path / name).write_bytes((fall / 'fall.mp4').read_bytes())
        show = open_show([str(tmp_path / name), *(str(fall / name) for name in files)])
        assert len(show.fault.split('; ')) == 1
        assert bool(show.fault) == (name == 'renamed.mp4' and bool(reasons))


def test_people_of_two_files_are_refused(fall):
    files = [str(fall / name) for name in ('people.jsonl', 'results')]
    with pytest.raises(ValueError, match='people come from one file'):
        open_show(files)


def test_results_without_images(show):
    with closing(Watcher(show('results'))) as watcher:
        watcher.whole()
        content, jpeg = watcher.image(1.0)
        assert content['people']
        assert jpeg == b''


@pytest.mark.parametrize(
    'request_',
    [
        {'type': 'frame'}, {'type': 'frame', 'time': 'x', 'since': 0}, {'type': 'lock'},
        {'type': 'frame', 'time': 1e400, 'since': 0}, {'type': 'recording', 'events': None},
        {'type': 'frame', 'time': True, 'since': 0}, {'type': 'set'},
    ],
)  # fmt: skip
def test_requests_that_make_no_sense_are_refused(show, request_):
    with closing(Watcher(show('people.jsonl'))) as watcher:
        assert not watcher.ask(**request_)['ok']
        assert watcher.ask(type='frame', time=1e300, since=-1e300)['ok']
        assert watcher.ask(type='frame', time=-5, since=-5)['ok']


def test_two_viewers_are_at_places_of_their_own(show):
    url = show('people.jsonl')
    with closing(Watcher(url)) as first, closing(Watcher(url)) as second:
        assert first.image(1.0)[0]['time'] == pytest.approx(1.0, abs=0.05)
        assert second.image(3.0)[0]['time'] == pytest.approx(3.0, abs=0.05)
        assert first.image(1.1)[0]['time'] == pytest.approx(1.1, abs=0.05)


@needs_chromium
def test_the_page_plays_and_jumps(show, tmp_path):
    url = show('people.jsonl', 'events.jsonl', 'angles.csv')
    with closing(Browser(tmp_path)) as browser:
        browser.open(url)
        wait_for(lambda: browser.text('#connection') == 'ready', 'the recording')
        wait_for(lambda: browser.text('#clock') == '0.0 / 4.5 s', 'the first frame')
        assert 'fallen' in browser.text('#events')
        browser.click('#play')
        wait_for(lambda: 'fallen' in browser.text('#people .fallen'), 'the fall')
        wait_for(lambda: browser.text('#clock') == '4.5 / 4.5 s', 'the end')
        wait_for(lambda: browser.text('#play') == 'Play', 'the button')
        assert 'knee' in browser.text('#angles figure:nth-child(4)')
        wait_for(lambda: '°' in browser.text('#angles figure:nth-child(4)'), 'an angle')
        # A click into the timeline.
        browser.evaluate("document.querySelector('#timeline').scrollIntoView()")
        x, y, width, height = browser.place('#timeline canvas')
        for kind in ('mousePressed', 'mouseReleased'):
            browser.command(
                'Input.dispatchMouseEvent', type=kind, x=x + 46 + (width - 46) / 4,
                y=y + height / 2, button='left', buttons=1, clickCount=1,
            )  # fmt: skip
        wait_for(lambda: browser.text('#clock') in ('1.1 / 4.5 s', '1.2 / 4.5 s'), 'the jump')
        wait_for(lambda: 'standing' in browser.text('#people'), 'the person before')
        assert browser.faults == []


def test_the_command_prints_the_address_and_ends_with_ctrl_c(fall):
    process = subprocess.Popen(
        [sys.executable, '-m', 'pose_ros', 'view', '--port', '0', 'fall.mp4'],
        cwd=fall, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    url = re.fullmatch(r'open (http://127.0.0.1:\d+/)\n', process.stdout.readline())[1]
    with closing(Watcher(url)) as watcher:
        assert watcher.image(0.5)[1]
        # While people are looked for.
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=100)
    assert (process.returncode, errors) == (0, '')


@pytest.mark.parametrize(
    ('arguments', 'reason'),
    [
        (['no.mp4'], 'there is no such file'),
        (['no.jsonl'], 'no.jsonl'),
        (['fall.mp4', 'recording'], 'images come from one file'),
        (['rtsp://me:secret@camera/stream'], 'only files can be shown'),
        (['/dev/video97'], 'only files can be shown'),
        (['broken.jsonl'], 'broken.jsonl, line 1'),
        (['people.jsonl', '--mode', 'all'], 'mode must be'),
        (['two.jsonl'], 'two.jsonl, line 4: the file is about several inputs'),
        (['twice.jsonl'], 'twice.jsonl, line 3: time must increase, got'),
        (['sizeless.jsonl'], "sizeless.jsonl, line 1: width must be a number, got 'wide'"),
        (['list.jsonl'], 'list.jsonl, line 2: must be an object, got []'),
        (['latin.jsonl'], 'latin.jsonl, line 2: '),
        (['none.jsonl'], 'none.jsonl: No such file or directory'),
        (['empty'], 'empty: there are no messages in /camera/image_raw'),
        (['unseen'], 'unseen: there are no messages in skeletons'),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(fall, pose_ros, monkeypatch, arguments, reason):
    monkeypatch.chdir(fall)
    Path('broken.jsonl').write_text('{"people": 3}\n')
    lines = Path('people.jsonl').read_text().splitlines()
    other = json.dumps({**json.loads(lines[0]), 'input': 'other.mp4'})
    Path('two.jsonl').write_text('\n'.join([*lines[:3], other]))
    Path('twice.jsonl').write_text('\n'.join([*lines[:2], lines[1]]))
    Path('sizeless.jsonl').write_text(json.dumps({**json.loads(lines[0]), 'width': 'wide'}))
    Path('list.jsonl').write_text(lines[0] + '\n[]')
    Path('latin.jsonl').write_bytes(lines[0].encode() + b'\n{"input": "M\xfcller.mp4"}')
    if not Path('empty').exists():
        write_bag(Path('empty'), [])
        write_bag(Path('unseen'), [], topics=('/skeletons',), kind='pose_ros/msg/SkeletonArray')
    code, _, err = pose_ros('view', '--port', '0', *arguments)
    assert code == 2
    assert reason in err
    assert 'secret' not in err
    assert len(err.strip().splitlines()) == 1
