"""Runs predictions beside the event loop, so that health checks are answered meanwhile."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

from app.model import ModelLoader


class Inference:
    """One prediction at a time, which has the model's threads to itself.

    The others wait here, or leave when their request times out. An executor of its own
    keeps the bound even then: a prediction that nobody waits for any more still holds
    its thread until it ends.
    """

    def __init__(self, model: ModelLoader) -> None:
        self._model = model
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="inference")

    async def predict(self, value: Any) -> list[Any]:
        predict = self._model.predict
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, predict, value)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._executor.shutdown(cancel_futures=True)
