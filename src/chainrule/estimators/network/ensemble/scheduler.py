"""The order of work: which network a thread trains next, and in how much time."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from itertools import takewhile

from chainrule._internal.user_warnings import warn
from chainrule.engines.choice import Choice, choice_of_gpu, may_have_gpu
from chainrule.errors import ProcessLost, TrainingWarning
from chainrule.estimators.network.ensemble import time_plan
from chainrule.estimators.network.ensemble.control import Control
from chainrule.estimators.network.ensemble.measurement import measured_together
from chainrule.estimators.network.ensemble.member import Member
from chainrule.estimators.network.ensemble.member_factory import MemberFactory
from chainrule.estimators.network.ensemble.member_training import train_until
from chainrule.estimators.network.ensemble.order import Order
from chainrule.estimators.network.ensemble.places import Place, Processes
from chainrule.estimators.network.ensemble.plan import TrainingPlan, clock
from chainrule.estimators.network.ensemble.settling import needs_three_waves
from chainrule.estimators.network.ensemble.speeds import Speeds
from chainrule.estimators.network.ensemble.together import train_together_within
from chainrule.estimators.network.recipe import Recipe
from chainrule.training.several.bundle import Bundle
from chainrule.training.time_limit.plan import SAFETY


class Scheduler:
    """The members of one fit: those that were made, and the plan for those that wait."""

    def __init__(self, make: MemberFactory, plan: TrainingPlan) -> None:
        self.control = Control()
        self.recipes = plan.recipes
        self.processes = Processes(make, plan, self.control)
        self._make, self._members, self._plan = make, dict[int, Member](), plan
        if (choice := self._choice_of_gpu()) is not None:
            self._plan = plan = replace(plan, engine=choice)
        most = 1 if plan.is_together else min(sum(self.processes.threads), plan.n_networks)
        self.most_workers = self.workers = max(1, most)
        self._deadline = max(plan.deadline, clock() + time_plan.LEAST_SECONDS)
        self._must_measure = plan.is_limited and not plan.continues
        self._lock = threading.Lock()
        self._places: deque[Place] = deque()  # that no thread has taken
        self._returned: list[int] = []  # the numbers of members whose process was lost, until another one takes them
        self._lost: set[int] = set()  # all of these numbers
        self._order = Order(plan.n_networks)
        self._speeds = Speeds()
        self._threads_of_all = self.threads  # if nothing is cut
        self._taken: list[float] = []  # the seconds of each network within a limit
        self._of_three_waves: set[Recipe] = set()  # whose first networks needed no more

    @property
    def threads(self) -> int:
        """The threads of a network in this process within a time limit."""
        return self.processes.places(self.workers, self._plan.n_networks)[0].threads

    @property
    def planned(self) -> int:
        """The number of members that the model has if nothing is cut."""
        return len(self._order.numbers)

    def trained(self) -> list[Member]:
        """Returns the members that were trained, in their order, without those of dropped recipes."""
        members = [self._members[j] for j in sorted(self._order.numbers) if j in self._members]
        return [member for member in members if member.history is not None]

    def is_cut(self) -> bool:
        """Returns True if the time limit allowed fewer networks, epochs or rows, or other recipes, than planned."""
        members = self.trained()
        is_whole = self.recipes is self._plan.recipes and len(members) == self.planned
        return self._plan.is_limited and not (is_whole and not any(member.is_cut for member in members))

    def whole_seconds(self) -> float | None:
        """Estimates the time of the whole plan; None unless its recipes, or some, were measured for long enough."""
        recipes, threads = self._plan.recipes, self._threads_of_all
        if not self._speeds.are_reliable(recipes, threads):
            return None
        turns = math.ceil(self._plan.n_trained / self.most_workers)
        return turns * self._speeds.network_seconds(recipes, threads)

    def _choice_of_gpu(self) -> Choice | None:
        """Returns the choice of "auto" for all networks, if it is a GPU; those of other processes stay on CPUs."""
        plan, work = self._plan, []
        if plan.engine != "auto" or plan.peers or not may_have_gpu():
            return None
        recipes = [self._recipe(j) for j in range(plan.n_networks)]
        for recipe in dict.fromkeys(recipes):
            problem = self._member(recipes.index(recipe)).problem()
            if problem is None:
                return None
            work.append((problem, recipes.count(recipe)))
        return choice_of_gpu(work, plan.deadline - clock())

    # ---- the plan, in the calling thread -----------------------------------------------------------------------------

    def phases(self) -> Iterator[Callable[[], None]]:
        """Yields functions, each to be executed by all workers before the next one."""
        if self._must_measure:
            yield from self._measurements()
            self.processes.forget_absent()
            self.workers = min(self.workers, sum(self.processes.threads))
            planned, usual = self._plan.n_trained, self._plan.n_trained
            if self.recipes is not self._plan.recipes:
                planned, usual = self._plan.n_networks, self.recipes[0].n_networks
            self._order = Order(self._plan.n_networks)
            self._order.wanted = time_plan.networks_within(self._affordable_networks(), usual, planned)
            self.workers = min(self.workers, self._order.wanted)
            if self._plan.is_together and self._order.wanted < planned:
                yield self._measure_together  # fewer, which may take as long
        for end in self._ends():
            self._order.begin_round(end, self._work)
            if self._plan.is_together:
                yield self._train_together
                continue
            yield self._in_places(self._train_members, self._has_more)
            while self._returned and self._has_more():  # by the last ones, when the other threads had ended
                yield self._in_places(self._train_members, self._has_more)

    def _ends(self) -> Iterator[int]:
        """Yields the end of each round: a network of each recipe first, if not all may continue, then the others."""
        finalists, kinds = self._plan.finalists, len(self.recipes)
        if finalists is not None and self.recipes is self._plan.recipes and kinds < self._order.wanted:
            yield kinds
            self._learn_from_first(finalists)
        yield self.planned

    def _learn_from_first(self, finalists: Callable[[Sequence[Member]], Collection[Recipe]]) -> None:
        """Drops the recipes that do not continue, unless time did not suffice for a network of each.

        The other networks of the recipes whose first ones needed three waves of the learning rate end after these, too.
        """
        first = self.trained()
        self._of_three_waves = {each.recipe for each in first if each.history and needs_three_waves(each.history)}
        if len(first) == self._order.end:
            kept = finalists(first)
            self._order.drop(lambda j: self._recipe(j) not in kept)

    def _in_places(self, work: Callable[[Place], None], is_needed: Callable[[], bool]) -> Callable[[], None]:
        """Returns the work of one thread, in a place of its own, which it waits for as long as it is needed."""
        self._places = deque(self.processes.places(self.workers, self._order.end - self._order.next))

        def work_in_one() -> None:
            with self._lock:
                place = self._places.popleft() if self._places else None
            if place is not None and place.is_ready(is_needed):
                work(place)

        return work_in_one

    def _measurements(self) -> Iterator[Callable[[], None]]:
        """Yields functions that measure the recipes, and chooses between them and the short ones."""
        end = clock() + time_plan.SHARE_TO_COME * (self._deadline - clock())
        for recipes in filter(None, (self._plan.short_recipes, self._plan.recipes)):
            self.recipes = recipes
            self._members.clear()
            if self._plan.is_together:
                yield self._measure_together
            else:
                self._order = Order(self._plan.n_networks)
                yield self._in_places(self._measure_one, lambda: clock() < end and not self.control.stop.is_set())
            if self._affordable_networks() < self._plan.n_trained:
                return

    def _affordable_networks(self) -> float:
        """Returns how many networks with all their epochs the time left suffices for."""
        left = max(self._deadline - clock(), 0.0)
        return self.workers * SAFETY * left / self._speeds.network_seconds(self.recipes, self.threads)

    # ---- the work, in the thread of a worker -------------------------------------------------------------------------

    def _has_more(self) -> bool:
        """Returns True if a member waits to be trained."""
        with self._lock:
            waiting = self._order.has_more or bool(self._returned)
        return waiting and not self.control.stop.is_set()

    def _measure_one(self, place: Place) -> None:
        """Makes the next member and measures the duration of its epochs."""
        with self._lock:
            j = self._order.take()
        try:
            self._measured(self._member(j), place, self._deadline - clock())
        except ProcessLost as lost:
            warn(f"{lost} The other processes continue.", TrainingWarning)

    def _train_members(self, place: Place) -> None:
        """Trains one member after the other."""
        while (task := self._take()) is not None:
            try:
                self._train(*task, place)
            except ProcessLost as lost:
                with self._lock:
                    self._returned.append(task[0])
                    self._lost.add(task[0])
                again = f"{lost} Network {task[0] + 1} begins again in another process, with the same result."
                warn(again, TrainingWarning)
                return

    def _measure_together(self) -> None:
        """Measures the duration of the epochs of all members that are wanted."""
        members, seconds = self._wanted_members(), time_plan.probe_seconds(self._deadline - clock())
        speed = measured_together(members, self._plan.engine, self.threads, seconds)
        for member in members:
            self._speeds.write(member.recipe, self.threads, speed)

    def _train_together(self) -> None:
        """Trains all members in this thread: the engine makes the steps of several at once."""
        members, seconds = self._wanted_members(), self._deadline - clock()
        seconds *= len(members) / self._order.wanted_left
        self._order.next = self._order.end
        if (speed := self._speeds.of(members[0].recipe, self.threads)) is not None:
            each = train_together_within(seconds, speed, members, self._plan, self.control, self.threads)
        else:  # no time limit
            end = clock() + seconds
            each = (train_until(end, member, self._plan, self.control, nullcontext) for member in members)
        Bundle(stop=self.control.stop.set).run(takewhile(lambda _: not self.control.stop.is_set(), each))

    def _wanted_members(self) -> list[Member]:
        """Returns the members of this round that are wanted."""
        return [self._member(j) for j in self._order.wanted_now()]

    def _train(self, j: int, seconds: float, place: Place) -> None:
        began, member = clock(), self._member(j)
        resumes = j in self._lost and self._plan.checkpoint is not None
        end = began + seconds
        if not self._must_measure:
            place.train_until(end, member, resumes)
            return
        duration = self._measured(member, place, end - clock())
        place.train_within(max(end - clock(), time_plan.LEAST_SECONDS), duration, member, resumes)
        with self._lock:
            if (known := member.speed) is not None:
                duration = known.epoch_seconds
                self._speeds.write(member.recipe, place.threads, known)
            self._deadline -= member.wrap_up_seconds(member.rows_share * duration)
            self._taken.append(clock() - began)

    def _take(self) -> tuple[int, float] | None:
        """Returns the number of the next member and its seconds, or None if there is no more to train."""
        with self._lock:
            if self._returned and not self.control.stop.is_set():
                return self._returned.pop(), self._deadline - clock()
            order, left = self._order, self._deadline - clock()
            if self.control.stop.is_set() or not order.has_more:
                return None
            if order.next >= self.workers and self._must_measure and left < self._least_seconds():
                return None
            turns = math.ceil(order.wanted_left / self.workers)  # of this worker
            return order.take(), left / max(1, turns)

    def _least_seconds(self) -> float:
        """Returns the time without which a network more is not begun: for the epochs of the others, or enough."""
        return min([time_plan.ENOUGH * self._speeds.network_seconds(self.recipes, self.threads), *self._taken])

    def _recipe(self, j: int) -> Recipe:
        return self.recipes[self._plan.recipe_numbers[j] % len(self.recipes)]

    def _work(self, j: int) -> int:
        """Returns the work of network j; no difference counts if a limit shares the time, or if all train together."""
        return 0 if self._plan.is_limited or self._plan.is_together else self._recipe(j).work

    def _member(self, j: int) -> Member:
        if j not in self._members:
            self._members[j] = self._make(j, self._recipe(j))
        self._members[j].ends_early = self._recipe(j) in self._of_three_waves
        return self._members[j]

    def _measured(self, member: Member, place: Place, seconds: float) -> float:
        """Returns the duration of an epoch, measured in a small share of ``seconds`` unless it is known."""
        speed = self._speeds.of(member.recipe, place.threads)
        if speed is None:
            speed = place.measure(member, time_plan.probe_seconds(seconds))
            self._speeds.write(member.recipe, place.threads, speed)
        return speed.epoch_seconds
