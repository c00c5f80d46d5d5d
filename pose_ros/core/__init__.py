"""The ROS-free core: images in, people out."""
