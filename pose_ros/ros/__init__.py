"""Thin rclpy nodes around the core."""
