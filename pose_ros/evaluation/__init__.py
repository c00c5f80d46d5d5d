"""How good is it: figures against known truth, without ROS."""
