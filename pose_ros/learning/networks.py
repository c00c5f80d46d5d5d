"""The networks to choose from; both see a window [T, F] and give a number for each class."""

from __future__ import annotations

import os
import tempfile
from types import ModuleType
from typing import Any

import numpy as np

from pose_ros.extras import library


def load_keras() -> ModuleType:
    """Keras on TensorFlow, which says no more than it must; MissingLibraryError without."""
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
    os.environ.setdefault('TF_ENABLE_ONEDNN_OPTS', '0')
    os.environ.setdefault('KERAS_BACKEND', 'tensorflow')
    library('tensorflow', 'train')
    return library('keras', 'train')


def temporal_convolutions(shape: tuple[int, int], classes: int, width: int = 48) -> Any:
    """Temporal convolutional network: residual blocks that look farther and farther.

    S. Bai, J. Z. Kolter and V. Koltun, "An Empirical Evaluation of Generic Convolutional and
    Recurrent Networks for Sequence Modeling", arXiv:1803.01271 (2018); not causal, as the window
    lies in the past.
    """
    keras = load_keras()
    layers = keras.layers
    given = keras.Input(shape)
    x = _tokens(given, width)
    for dilation in (1, 2, 4):
        y = layers.Conv1D(width, 3, padding='same', dilation_rate=dilation)(x)
        y = layers.LayerNormalization()(y)
        y = layers.Activation('relu')(y)
        y = layers.Dropout(0.2)(y)
        x = layers.Add()([x, y])
    mean, most = layers.GlobalAveragePooling1D()(x), layers.GlobalMaxPooling1D()(x)
    # When something happened counts, too: means of the window's quarters.
    quarters = layers.Flatten()(layers.AveragePooling1D(max(x.shape[1] // 4, 1))(x))
    x = layers.Dropout(0.3)(layers.Concatenate()([mean, most, quarters]))
    return keras.Model(given, layers.Dense(classes)(x))


def transformer(shape: tuple[int, int], classes: int, width: int = 48) -> Any:
    """Small Transformer encoder.

    A. Vaswani and others, "Attention Is All You Need", NeurIPS 2017; normalised before each part.
    """
    keras = load_keras()
    layers = keras.layers
    given = keras.Input(shape)
    x = _tokens(given, width)
    x = x + layers.Embedding(x.shape[1], width)(np.arange(x.shape[1])[None])
    for _ in range(2):
        y = layers.LayerNormalization()(x)
        x = x + layers.MultiHeadAttention(4, width // 4, dropout=0.1)(y, y)
        y = layers.LayerNormalization()(x)
        y = layers.Dense(2 * width, activation='relu')(y)
        x = x + layers.Dropout(0.1)(layers.Dense(width)(y))
    x = layers.LayerNormalization()(x)
    x = layers.Concatenate()([layers.GlobalAveragePooling1D()(x), x[:, -1]])
    return keras.Model(given, layers.Dense(classes)(layers.Dropout(0.3)(x)))


def _tokens(given: Any, width: int) -> Any:
    """Numbers of every second moment: that is twice as fast, and often enough for movements."""
    return load_keras().layers.Conv1D(width, 5, strides=2, padding='same')(given)


NETWORKS = {'tcn': temporal_convolutions, 'transformer': transformer}


def to_tflite(network: Any, temperature: float) -> bytes:
    """Content of a .tflite file: one window [1, T, F] in, probabilities [1, classes] out."""
    keras, tensorflow = load_keras(), library('tensorflow', 'train')
    given = keras.Input(network.input_shape[1:], batch_size=1)
    chances = keras.layers.Softmax()(network(given) / temperature)
    model = keras.Model(given, chances)
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, verbose=False)
        content: bytes = tensorflow.lite.TFLiteConverter.from_saved_model(folder).convert()
    return content
