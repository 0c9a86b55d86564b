"""One build for all who ask."""

import asyncio
import threading

import pytest

from app.board.cache import Shared


def test_many_askers_one_build() -> None:
    built: list[int] = []
    gate = threading.Event()

    def build() -> bytes:
        gate.wait(10)
        built.append(1)
        return b"x"

    async def ask() -> list[bytes]:
        shared = Shared()
        askers = [asyncio.create_task(shared.get("key", build)) for _ in range(50)]
        await asyncio.sleep(0)
        gate.set()
        return [*await asyncio.gather(*askers), await shared.get("key", build)]

    assert asyncio.run(ask()) == [b"x"] * 51
    assert built == [1]


def test_an_asker_who_leaves_does_not_spoil_it_for_others() -> None:
    gate = threading.Event()

    def build() -> bytes:
        gate.wait(10)
        return b"x"

    async def ask() -> bytes:
        shared = Shared()
        gone, stays = (asyncio.create_task(shared.get("key", build)) for _ in range(2))
        await asyncio.sleep(0)
        gone.cancel()
        gate.set()
        return await stays

    assert asyncio.run(ask()) == b"x"


def test_a_failure_is_not_kept() -> None:
    answers = iter([ValueError("once"), b"x"])

    def build() -> bytes:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def ask() -> bytes:
        shared = Shared()
        with pytest.raises(ValueError, match="once"):
            await shared.get("key", build)
        return await shared.get("key", build)

    assert asyncio.run(ask()) == b"x"


def test_its_size_is_bounded() -> None:
    built: list[int] = []

    def build() -> bytes:
        built.append(1)
        return bytes(100)

    async def ask() -> None:
        shared = Shared(most_bytes=1000)
        for k in range(100):
            await shared.get(k, build)
        await shared.get(90, build)
        assert len(built) == 100
        await shared.get(89, build)
        assert len(built) == 101

    asyncio.run(ask())
