"""The ROS-free core: pictures in, people out."""
