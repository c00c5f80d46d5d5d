import pytest

from pose_ros.core.names import nearest_name, unknown_name


@pytest.mark.parametrize(
    ('name', 'near'),
    [('wavve', 'wave'), ('modle', 'model'), ('Wave', 'wave'), ('xylophone', None), ('', None)],
)
def test_nearest_name(name, near):
    assert nearest_name(name, ['mode', 'model', 'wave', 'clap']) == near


def test_an_unknown_name_comes_with_all_known_ones():
    text = unknown_name('gesture', 'wavve', {'clap': 1, 'wave': 2})
    assert text == "unknown gesture 'wavve' (did you mean wave?), known are: clap, wave"
    assert unknown_name('file', 'x', ()) == "unknown file 'x', known are: "
