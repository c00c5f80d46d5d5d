"""Names of bodies under REP-155."""


def body_id(skeleton_id: int, namespace: str = '/') -> str:
    """Name of the body of a skeleton: b00042, or left_b00042 in the namespace /left.

    Names of topics begin with a letter. Two cameras count their skeletons each for itself.
    """
    return '_'.join([*namespace.strip('/').split('/'), f'b{skeleton_id:05d}']).lstrip('_')
