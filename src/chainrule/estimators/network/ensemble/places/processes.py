"""The processes of one fit: this one and those beside it, and how many networks each trains at a time."""

from __future__ import annotations

from chainrule.estimators.network.ensemble.control import Control
from chainrule.estimators.network.ensemble.member_factory import MemberFactory
from chainrule.estimators.network.ensemble.places.elsewhere import Work
from chainrule.estimators.network.ensemble.places.place import Here, Place, There, division, require_suited
from chainrule.estimators.network.ensemble.plan import TrainingPlan
from chainrule.processes.copies import Copy
from chainrule.processes.peer import pickled
from chainrule.training.several.thread_shares import ThreadShares


class Processes:
    """This process and those beside it, which hold the work. Raises InputError for settings that they cannot have."""

    def __init__(self, make: MemberFactory, plan: TrainingPlan, control: Control) -> None:
        self._plan, self._control = plan, control
        self._copies: list[Copy] = []
        if plan.peers:
            require_suited(plan)
            self._work = Work.of(make, plan)
            self._parcel = pickled(self._work)
            self._copies = [Copy(peer, self._parcel) for peer in plan.peers]

    @property
    def threads(self) -> list[int]:
        """The threads of each process, this one first."""
        return [self._plan.all_threads, *(copy.peer.threads for copy in self._copies)]

    def places(self, in_progress: int, networks: int) -> list[Place]:
        """Returns the places for this many networks in progress of a round; processes take turns, this one first."""
        counts = division(in_progress, self.threads)
        shares = ThreadShares(self._plan.all_threads, networks, counts[0])  # without a time limit
        each = [max(1, threads // max(1, count)) for threads, count in zip(self.threads, counts, strict=True)]
        of_process: list[list[Place]] = [[Here(self._plan, self._control, shares, each[0])] * counts[0]]
        for copy, count, threads in zip(self._copies, counts[1:], each[1:], strict=True):
            place = There(copy, self._work, self._plan, self._control, threads)
            of_process.append([] if copy.peer.is_lost else [place] * count)
        return [places[k] for k in range(max(counts)) for places in of_process if k < len(places)]

    def forget_absent(self) -> None:
        """Goes on without the processes that have not come yet."""
        self._copies = [copy for copy in self._copies if copy.peer.has_answered and not copy.peer.is_lost]

    def close(self) -> None:
        """Lets the others forget the work."""
        for copy in self._copies:
            copy.drop()
        if self._plan.peers:
            self._parcel.close()
