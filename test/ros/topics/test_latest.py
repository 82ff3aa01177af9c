"""The newest-message slots between the executor's thread and the worker's."""

from __future__ import annotations

import threading

from opendr_perception.ros.topics.latest import Counts, Mailbox


def test_the_newest_message_of_each_stream_is_taken_once() -> None:
    mailbox = Mailbox(("front", "rear"))
    for message in (1, 2, 3):
        mailbox.put("front", message)
    mailbox.put("rear", 4)
    assert mailbox.take() == {"front": 3, "rear": 4}
    assert mailbox.counts("front") == Counts(dropped=2)
    mailbox.put("front", 5)
    assert mailbox.take() == {"front": 5}


def test_messages_are_counted_when_their_fate_is_known() -> None:
    mailbox = Mailbox(("front", "rear"))
    mailbox.put("front", 1)
    mailbox.put("front", 2)
    assert mailbox.take() == {"front": 2}
    assert mailbox.counts("front").received == 1, "the second is still in work"
    mailbox.count("front", processed=1)
    mailbox.put("front", 3)
    mailbox.take()
    mailbox.count("front", rejected=1)
    counts = mailbox.counts("front")
    assert counts == Counts(processed=1, dropped=1, rejected=1)
    assert counts.received == 3
    assert mailbox.counts("rear") == Counts()


def test_counts_are_a_copy() -> None:
    mailbox = Mailbox(("",))
    before = mailbox.counts("")
    mailbox.count("", processed=1)
    assert before == Counts()


def test_a_worker_that_waits_is_woken_by_a_message_and_by_the_end() -> None:
    mailbox = Mailbox(("",))
    taken: list[dict[str, str] | None] = []
    got_one = threading.Event()

    def work() -> None:
        while (messages := mailbox.take()) is not None:
            taken.append(messages)
            got_one.set()

    worker = threading.Thread(target=work)
    worker.start()
    mailbox.put("", "a")
    assert got_one.wait(60)
    mailbox.close()
    worker.join(60)
    assert not worker.is_alive()
    assert taken == [{"": "a"}]


def test_closing_drops_what_waits() -> None:
    mailbox = Mailbox(("",))
    mailbox.put("", 1)
    mailbox.close()
    assert mailbox.take() is None
    assert mailbox.counts("") == Counts(dropped=1)
