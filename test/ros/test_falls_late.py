"""Falls for those who come late, and under the id that a person gets meanwhile, over real DDS."""

from dataclasses import replace

import pytest
from rclpy.qos import DurabilityPolicy
from sensor_msgs.msg import CameraInfo
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from pose_ros.actor import Action, Actor, Scene, skeletons
from pose_ros.actor.motions.fall_motions import FALL_KEYS, course
from pose_ros.core.motion.falls import FallDetector
from pose_ros.core.motion.watcher import single_observer
from pose_ros.message_values import EventReader, seconds
from pose_ros.msg import FallEvent
from pose_ros.plotting.recording import Recording
from pose_ros.ros import qos
from pose_ros.ros.conversions import skeleton_array
from pose_ros.ros.labels import Labels
from pose_ros.ros.marker_node import MarkerNode
from pose_ros.ros.motion_conversions import fall_to_msg, time_to_msg

pytestmark = pytest.mark.ros

FPS = 15.0


def fallen(stage):
    """A person has fallen while an ordinary subscriber was listening; returns the event."""
    actor = Actor((Action('fall_left', 1.0),))
    stage.video(Scene(duration=4.0, fps=FPS, actors=(actor,), background='plain'))
    return stage.wait_for('falls', phase=FallEvent.FALLEN)


def test_times_of_a_fall_are_on_the_clock_of_the_stamps(make_stage):
    """Also after images without stamps, since when time is that of receipt."""
    stage = make_stage('falls')
    for _ in range(2):
        stage.send(skeleton_array([], Header(), (640, 480)))
    event = fallen(stage)
    onset, landing, now = map(seconds, (event.onset, event.landing, event.header.stamp))
    assert onset < landing < now
    assert now - onset == pytest.approx(event.duration, abs=0.001)


def test_who_comes_late_learns_who_lies_there(make_stage):
    stage = make_stage('falls')
    event = fallen(stage)
    late = stage.ros.collect(FallEvent, 'falls', qos.FALLS)
    stage.ros.spin_until(lambda: event in late, 'the fall of before')
    assert late == stage.heard['falls']
    # Others match as before, and hear what is new only.
    volatile = stage.ros.collect(FallEvent, 'falls', qos.EVENTS)
    offered = stage.node.get_publishers_info_by_topic('falls')
    assert [p.qos_profile.durability for p in offered] == [DurabilityPolicy.TRANSIENT_LOCAL]
    falls = next(p for p in stage.node.publishers if p.topic_name == '/falls')
    stage.ros.spin_until(lambda: falls.get_subscription_count() == 3, 'three who listen')
    actor = Actor((), rest=FALL_KEYS['fall_left'][0].pose)
    stage.video(Scene(duration=2.0, fps=FPS, actors=(actor,), background='plain'))
    up = stage.wait_for('falls', phase=FallEvent.RECOVERED)
    stage.ros.spin_until(lambda: up in late and up in volatile, 'both to hear of the end')
    assert volatile == [up]


def test_a_warning_ends_when_nobody_listens_any_more(make_stage):
    stage = make_stage('falls')
    scene = Scene(duration=4.0, fps=FPS, actors=(Actor((Action('fall_left', 1.0),)),))
    observe = single_observer(FallDetector())
    warned = next(f.stamp for f in skeletons(scene, 1) if observe(f.people, f.stamp))
    stage.video(scene, until=warned + 0.01)
    warning = stage.wait_for('falls', phase=FallEvent.FALLING)
    listener = next(s for s in stage.ros.node.subscriptions if s.topic_name == '/falls')
    stage.ros.node.destroy_subscription(listener)
    stage.ros.spin_until(lambda: not list(stage.node.subscriptions), 'the node to rest')
    late = stage.ros.collect(FallEvent, 'falls', qos.FALLS)
    stage.ros.spin_until(lambda: len(late) > 1, 'the warning and its end')
    assert late[0] == warning
    assert (late[1].phase, late[1].skeleton_id) == (FallEvent.CLOSED, warning.skeleton_id)


def test_markers_asked_for_late_show_who_has_fallen(make_stage):
    stage = make_stage('falls')
    fallen(stage)
    stage.ros.start(MarkerNode)
    arrays = stage.ros.collect(MarkerArray, 'skeleton_markers', qos.MARKERS)
    lens = [500.0, 0.0, 320.0, 0.0, 500.0, 240.0, 0.0, 0.0, 1.0]
    projection = [500.0, 0.0, 320.0, 0.0, 0.0, 500.0, 240.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    camera = CameraInfo(width=640, height=480, k=lens, p=projection)
    cameras = stage.ros.publisher(CameraInfo, 'camera_info', qos.CAMERA_INFO)
    actor = Actor((Action('fall_left', -9.0),))
    lying = Scene(duration=1.0, fps=FPS, actors=(actor,), background='plain')
    (people,) = (f.people for f in skeletons(lying, 1) if f.stamp == 0)

    def red():
        cameras.publish(camera)
        stage.play(*people, rate=FPS)
        return any('fallen' in marker.text for array in arrays for marker in array.markers)

    stage.ros.spin_until(red, 'the word at the person')


def test_a_fall_that_goes_on_under_another_id_ends_everywhere_under_the_old_one():
    motion = course(FALL_KEYS['fall_forwards'], 60.0)
    scene = Scene(640, 480, FPS, 5.0, (Actor((Action(motion, 1.0),), height=260),))
    observe = single_observer(FallDetector())
    labels, reader, timeline = Labels(), EventReader(), Recording()
    for frame in skeletons(scene, 0):
        people = frame.people
        if 1.8 < frame.stamp < 2.4:
            people = ()
        elif frame.stamp >= 2.4:
            people = tuple(replace(person, id=9) for person in people)
        for fall in observe(people, frame.stamp):
            header = Header(stamp=time_to_msg(frame.stamp))
            message = fall_to_msg(fall, header)
            labels.on_fall(message)
            for event in reader.read('falls', message):
                timeline.add_event('video', event)
    annotations = labels.at(frame.stamp, {9})
    assert annotations.words == {9: 'fallen'}
    assert annotations.fallen == {9}
    first, second = timeline.tracks
    assert (first.person, second.person) == (1, 9)
    assert [span.label for span in first.falls(9.0)] == ['falling']
    assert first.falls(9.0)[0].end < 3.0
    assert second.falls(9.0)[-1].end == 9.0
