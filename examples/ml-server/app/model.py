"""The model: loaded once, in the background, while the service already answers."""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnxruntime

logger = logging.getLogger(__name__)

# Columns of a row, as the model was trained.
FEATURES = 4

Predict = Callable[[Sequence[Sequence[float]]], list[float]]


class ModelNotReadyError(RuntimeError):
    """The model is still being loaded, or could not be."""


def load(path: Path, threads: int) -> Predict:
    options = onnxruntime.SessionOptions()
    # Left to itself onnxruntime counts the host's cores and not the container's.
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Idle threads sleep: spinning would use up the container's share of the CPU.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name

    def predict(rows: Sequence[Sequence[float]]) -> list[float]:
        outputs = session.run(None, {name: np.asarray(rows, dtype=np.float32)})
        return [float(value) for value in np.ravel(outputs[0])]

    return predict


class ModelLoader:
    """Loads the model in a thread and keeps what came of it."""

    device = "cpu"

    def __init__(self, path: Path, *, threads: int, attempts: int, delay: float) -> None:
        self.path = path
        self.threads = threads
        self.attempts = attempts
        self.delay = delay
        # "loading", "ok" or what went wrong.
        self.status = "loading"
        self._predict: Predict | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="model-loader", daemon=True)

    @property
    def loaded(self) -> bool:
        return self._predict is not None

    @property
    def predict(self) -> Predict:
        if self._predict is None:
            raise ModelNotReadyError(self.status)
        return self._predict

    def start(self) -> None:
        """Once: a further call changes nothing."""
        if self._thread.ident is None:
            self._thread.start()

    def wait(self, timeout: float) -> None:
        """Until the model is loaded or given up, at most `timeout` seconds."""
        self._thread.join(timeout)

    def stop(self) -> None:
        """No further attempts. One that is under way ends with the process."""
        self._stopped.set()

    def _run(self) -> None:
        for attempt in range(1, self.attempts + 1):
            try:
                if not self.path.exists():
                    raise FileNotFoundError(
                        f"there is no model at MODEL_PATH={self.path}: put it there"
                    )
                self._predict = load(self.path, self.threads)
            except Exception as error:
                self.status = f"{type(error).__name__}: {error}"
                logger.error("model: attempt %d of %d: %s", attempt, self.attempts, self.status)
            else:
                self.status = "ok"
                logger.info("model: loaded %s", self.path)
                return
            if attempt < self.attempts and self._stopped.wait(self.delay):
                return
