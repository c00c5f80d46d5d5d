"""Human pose for ROS 2: skeletons, gestures and RViz overlays from camera images."""
