#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "joblib==1.6.0",
#     "numpy==2.4.6",
#     "onnx==1.23.2",
#     "scikit-learn==1.9.1",
# ]
# ///
"""Writes the sample models of the skeleton: four numbers in, one out.

    pip install uv && uv run tests/tools/sample_models.py

The versions are those of src/catalog/data/packages.json: scikit-learn warns about a model
that another version wrote. Running it again writes the same bytes.
"""

from pathlib import Path

import joblib
import numpy as np
import onnx
import sklearn
from onnx import TensorProto, helper
from sklearn.linear_model import LinearRegression

MODELS = Path(__file__).resolve().parents[2] / "templates" / "skeleton" / "common" / "models"

WEIGHTS = np.array([0.5, -0.25, 2.0, 1.0])
INTERCEPT = 1.0

# Old enough for every supported onnxruntime.
OPSET = 17
IR_VERSION = 8


def linear_onnx() -> onnx.ModelProto:
    """`rows @ WEIGHTS + INTERCEPT`, for any number of rows."""
    weights = helper.make_tensor("weights", TensorProto.FLOAT, [4, 1], WEIGHTS)
    intercept = helper.make_tensor("intercept", TensorProto.FLOAT, [1], [INTERCEPT])
    graph = helper.make_graph(
        [helper.make_node("Gemm", ["features", "weights", "intercept"], ["prediction"])],
        "linear",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", 4])],
        [helper.make_tensor_value_info("prediction", TensorProto.FLOAT, ["rows", 1])],
        [weights, intercept],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="dockwright")
    model.ir_version = IR_VERSION
    onnx.checker.check_model(model, full_check=True)
    return model


def linear_scikit_learn() -> LinearRegression:
    """The same function, as a fitted estimator."""
    rows = np.vstack([np.zeros(4), np.eye(4)])
    return LinearRegression().fit(rows, rows @ WEIGHTS + INTERCEPT)


def main() -> None:
    MODELS.mkdir(parents=True, exist_ok=True)
    (MODELS / "model.onnx").write_bytes(linear_onnx().SerializeToString(deterministic=True))
    joblib.dump(linear_scikit_learn(), MODELS / "model.joblib")
    for path in sorted(MODELS.glob("model.*")):
        print(f"{path.name}: {path.stat().st_size} bytes")
    print(f"onnx {onnx.__version__}, scikit-learn {sklearn.__version__}")


if __name__ == "__main__":
    main()
