"""Live view in the browser: a server without ROS, fed by web_node or by files."""
