"""Queues of the viewers: a slow one loses frames, and delays no other."""

import asyncio
import json

import pytest

from pose_ros.web.hub import HISTORY, MAX_UNCONFIRMED, MAX_WAITING, Hub, encode


@pytest.fixture
def sent_to():
    """Function that returns what is sent to a viewer within a moment."""
    loop = asyncio.new_event_loop()

    def sent(viewer):
        messages = []

        async def send(message):
            messages.append(message if isinstance(message, bytes) else json.loads(message))

        with pytest.raises(asyncio.TimeoutError):
            loop.run_until_complete(asyncio.wait_for(viewer.send_all(send), 0.01))
        return messages

    yield sent
    loop.close()


def test_a_viewer_that_confirms_nothing_gets_no_more_frames(sent_to):
    hub = Hub()
    assert not hub.wants_frame
    slow, fast = hub.join(), hub.join()
    for number in range(10):
        hub.put_frame(bytes([number]))
        got = sent_to(fast)
        assert got == [bytes([number])]
        fast.confirm_frame()
        if number < MAX_UNCONFIRMED:
            assert sent_to(slow) == [bytes([number])]
    assert sent_to(slow) == []
    assert hub.wants_frame
    hub.leave(fast)
    assert not hub.wants_frame
    # The newest has waited for it.
    slow.confirm_frame()
    assert sent_to(slow) == [bytes([9])]
    assert not hub.wants_frame
    slow.confirm_frame()
    assert hub.wants_frame
    hub.put_frame(b'new')
    assert sent_to(slow) == [b'new']


def test_a_frame_that_has_not_left_is_replaced(sent_to):
    viewer = Hub().join()
    for number in range(20):
        viewer.put_frame(bytes([number]))
    assert sent_to(viewer) == [bytes([19])]
    # It counts once.
    viewer.put_frame(b'next')
    assert sent_to(viewer) == [b'next']


def test_confirming_too_often_gives_no_credit(sent_to):
    viewer = Hub().join()
    for _ in range(100):
        viewer.confirm_frame()
    for number in range(5):
        viewer.put_frame(bytes([number]))
        sent_to(viewer)
    assert not viewer.ready


def test_states_replace_each_other_and_events_do_not(sent_to):
    hub = Hub()
    viewer = hub.join()
    for number in range(3):
        hub.put_state('angles', {'n': number})
        hub.put_event({'event': number})
    assert sent_to(viewer) == [{'event': 0}, {'event': 1}, {'event': 2}, {'n': 2}]


def test_later_viewers_get_the_past_events_once_and_the_kept_states(sent_to):
    hub = Hub()
    hub.put_state('node', {'kept': 1}, kept=True)
    hub.put_state('angles', {'kept': 0})
    for number in (*range(HISTORY + 5), HISTORY):  # the last one is known
        hub.put_event({'event': number})
    got = sent_to(hub.join())
    assert got == [*({'event': n} for n in range(5, HISTORY + 5)), {'kept': 1}]


def test_a_viewer_with_too_many_messages_is_given_up():
    hub = Hub()
    viewer = hub.join()
    for number in range(MAX_WAITING + 1):
        assert not viewer.ended
        hub.put_event({'event': number})
    assert viewer.ended
    asyncio.run(viewer.send_all(None))  # ends without sending
    other = hub.join()
    for number in range(MAX_WAITING):
        hub.put_state(('angles', number), {'n': number})
    assert other.ended


def test_a_viewer_that_is_given_up_gets_no_more_of_what_waits():
    viewer, sent = Hub().join(), []

    async def send(text):
        sent.append(text)
        for number in range(MAX_WAITING):  # more comes than is sent
            viewer.put(str(number))
        assert len(sent) < 5

    viewer.put('first')
    asyncio.run(viewer.send_all(send))
    assert viewer.ended
    assert len(sent) < 5


def test_numbers_that_are_not_finite_are_an_error():
    with pytest.raises(ValueError, match='JSON compliant'):
        encode({'x': float('nan')})
