"""Pixels as models expect them whose backbone was trained on ImageNet."""

import numpy as np

# Mean and standard deviation of ImageNet's pixels (red, green, blue), 0 to 1.
_MEAN = np.array([0.485, 0.456, 0.406])
_DEVIATION = np.array([0.229, 0.224, 0.225])
IMAGENET_RANGE = (tuple(-_MEAN / _DEVIATION), tuple((1 - _MEAN) / _DEVIATION))
"""What pixel values 0 and 255 become in red, green and blue."""
