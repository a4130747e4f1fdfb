"""Communication between the threads of the networks and the calling thread."""

from __future__ import annotations

import queue
import threading
from dataclasses import dataclass, field
from typing import NamedTuple

from chainrule.estimators.network.ensemble.member import Member
from chainrule.training.several.on_threads import POLL_SECONDS


class Question(NamedTuple):
    """Finished epochs of a member, and a queue for the answer: True to stop it."""

    member: Member
    epochs: int
    answer: queue.SimpleQueue[bool]


@dataclass(eq=False)
class Control:
    """State shared by all threads: the signal to stop, and the questions to the calling thread."""

    stop: threading.Event = field(default_factory=threading.Event)
    questions: queue.SimpleQueue[Question] = field(default_factory=queue.SimpleQueue)

    def ask(self, member: Member, epochs: int) -> bool:
        """Waits until the calling thread has answered; returns True if the member has to stop."""
        question = Question(member, epochs, queue.SimpleQueue())
        self.questions.put(question)
        while not self.stop.is_set():
            try:
                return question.answer.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
        return True
