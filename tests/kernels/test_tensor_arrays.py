"""Tensors and arrays over one memory."""

from __future__ import annotations

import numpy as np
import paddle
import pytest

from paddlevideo.kernels.tensor_arrays import as_array, new_tensor, shared_array, tensor_of


def test_an_array_is_the_tensors_own_memory() -> None:
    tensor, array = new_tensor([2, 3])
    array[...] = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert tensor.numpy().tolist() == [[0, 1, 2], [3, 4, 5]]
    shared_array(tensor)[1, 2] = 7
    assert float(tensor[1, 2]) == 7 and as_array(tensor)[1, 2] == 7
    assert shared_array(paddle.empty([0, 3])).shape == (0, 3)


def test_a_copy_is_its_own() -> None:
    values = np.ones((2, 2), np.float32)
    tensor = tensor_of(values)
    values[:] = 5
    assert tensor.numpy().tolist() == [[1, 1], [1, 1]]


def test_memory_that_would_be_read_wrong_is_refused() -> None:
    square = paddle.arange(6, dtype="float32").reshape([2, 3])
    for wrong in (square.astype("float16"), square.astype("int64"), square.t()):
        with pytest.raises(ValueError, match="contiguous float32"):
            shared_array(wrong)
    assert as_array(square.t()).tolist() == [[0, 3], [1, 4], [2, 5]]
