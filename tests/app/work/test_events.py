"""The streams of events: each page hears of its own project, and an end is an end."""

from __future__ import annotations

import asyncio

from paddlevideo.app.work.events import Events


def test_a_stream_gets_first_what_is_then_what_happens_until_it_closes() -> None:
    async def listen() -> list[str]:
        events = Events()
        stream = events.stream("mine", [("document", {"revision": 4})])
        lines = [await anext(stream), await anext(stream)]
        assert events.watched("mine") and not events.watched("other")
        events.publish("other", "mask", frame=1)
        await asyncio.to_thread(events.publish, "mine", "mask", frame=2)
        lines.append(await anext(stream))
        events.close()
        lines += [line async for line in stream]
        assert not events.watched("mine")
        return lines

    lines = asyncio.run(listen())
    assert lines[1:] == ['event: document\ndata: {"revision": 4}\n\n', 'event: mask\ndata: {"frame": 2}\n\n']


def test_a_page_that_lags_behind_is_told_to_load_again() -> None:
    async def listen() -> list[str]:
        events = Events()
        stream = events.stream("mine", [])
        await anext(stream)
        first = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        for frame in range(1500):
            events.publish("mine", "mask", frame=frame)
        await asyncio.sleep(0)
        events.close()
        return [await first, *[line async for line in stream]]

    lines = asyncio.run(listen())
    assert len(lines) < 1100 and any("-1" in line for line in lines)
