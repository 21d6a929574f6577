"""What the service opens at its start, shares among requests and closes at its end."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request

from app.inference import Inference
from app.model import ModelLoader
from app.settings import Settings


@dataclass(frozen=True)
class Resources:
    model: ModelLoader
    inference: Inference


@asynccontextmanager
async def open_resources(settings: Settings) -> AsyncIterator[Resources]:
    """Connects lazily: the service starts, and says so, while a dependency is away."""
    async with AsyncExitStack() as stack:
        model = ModelLoader(
            settings.model_path,
            threads=settings.model_threads,
            attempts=settings.model_load_attempts,
            delay=settings.model_load_delay,
        )
        model.start()
        stack.callback(model.stop)
        inference = stack.enter_context(Inference(model))
        yield Resources(
            model=model,
            inference=inference,
        )


def get_resources(request: Request) -> Resources:
    return cast(Resources, request.app.state.resources)


ResourcesDep = Annotated[Resources, Depends(get_resources)]
