"""The newest-message slots between the executor's thread and the worker's."""

from __future__ import annotations

import threading

from opendr_perception.ros.topics.latest import Counts, LatestSlot


def test_the_newest_message_of_each_stream_is_taken_once() -> None:
    latest = LatestSlot(("front", "rear"))
    for message in (1, 2, 3):
        latest.put("front", message)
    latest.put("rear", 4)
    assert latest.take() == {"front": 3, "rear": 4}
    assert latest.counts("front") == Counts(dropped=2)
    latest.put("front", 5)
    assert latest.take() == {"front": 5}


def test_messages_are_counted_when_their_fate_is_known() -> None:
    latest = LatestSlot(("front", "rear"))
    latest.put("front", 1)
    latest.put("front", 2)
    assert latest.take() == {"front": 2}
    assert latest.counts("front").received == 1, "the second is still in work"
    latest.count("front", processed=1)
    latest.put("front", 3)
    latest.take()
    latest.count("front", rejected=1)
    counts = latest.counts("front")
    assert counts == Counts(processed=1, dropped=1, rejected=1)
    assert counts.received == 3
    assert latest.counts("rear") == Counts()


def test_counts_are_a_copy() -> None:
    latest = LatestSlot(("",))
    before = latest.counts("")
    latest.count("", processed=1)
    assert before == Counts()


def test_a_worker_that_waits_is_woken_by_a_message_and_by_the_end() -> None:
    latest = LatestSlot(("",))
    taken: list[dict[str, str] | None] = []
    got_one = threading.Event()

    def work() -> None:
        while (messages := latest.take()) is not None:
            taken.append(messages)
            got_one.set()

    worker = threading.Thread(target=work)
    worker.start()
    latest.put("", "a")
    assert got_one.wait(60)
    latest.close()
    worker.join(60)
    assert not worker.is_alive()
    assert taken == [{"": "a"}]


def test_closing_drops_what_waits() -> None:
    latest = LatestSlot(("",))
    latest.put("", 1)
    latest.close()
    assert latest.take() is None
    assert latest.counts("") == Counts(dropped=1)
