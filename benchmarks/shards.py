"""A thousand tenants over several servers, one of which is killed: `python -m benchmarks.shards [--seconds N]`.

Servers are real processes. Tenants are drawn by Zipf's law; threads add and search for them through one routed store.
A write that fails is sent again with its `op_id` until it is acknowledged; then every ledger is read and checked.
"""

from __future__ import annotations

import argparse
import logging
import secrets
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.processes import listening_at, load_per_core
from benchmarks.rows import Row, show, write
from benchmarks.words_alone import words_alone
from graphmem import GraphMemory, Write
from graphmem.adapters.neo4j.sharding import Shards
from graphmem.config import Settings
from graphmem.errors import CommitUnknown, StoreUnavailable
from graphmem.model import Change, Scope
from graphmem.opening import open_schema, open_store
from graphmem.store import Store
from tools.neo4j_server import Options, Server, start

_ZIPF = 1.1
_ADDS, _RESENT = 0.7, 0.1
_PATIENCE_S = 20.0
#: How long a caller waits after a call that failed.
_PAUSE_S = 0.1
_FIRST = "first"
_WARM_UP = 20
_SHORT, _PATIENT = Settings(lock_timeout_s=_PATIENCE_S), Settings(lock_timeout_s=120)


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was made: when it began and ended, for which tenant, and whether it was answered."""

    began: float
    ended: float
    tenant: str
    is_write: bool
    is_answered: bool


@dataclass(slots=True)
class Done:
    """What one thread did; `acknowledged` has the operations of a tenant, `pending` those to be sent again."""

    calls: list[Call] = field(default_factory=list)
    acknowledged: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    pending: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outage:
    """When a server was killed, when its port answered again, and which shard it was."""

    shard: str
    killed: float
    listening: float


class Worker(threading.Thread):
    """Adds and searches for tenants that it draws, until told to stop; then sends again what is pending."""

    def __init__(self, number: int, memory: GraphMemory, tenants: Sequence[str], seed: int) -> None:
        super().__init__()
        self.done = Done()
        self.is_stopping = threading.Event()
        self._number = number
        self._memory = memory
        self._rng = np.random.default_rng((seed, number))
        weights = 1 / np.arange(1, len(tenants) + 1) ** _ZIPF
        self._drawn = self._rng.choice(np.array(tenants), size=200_000, p=weights / weights.sum())

    def run(self) -> None:
        """See `threading.Thread.run`."""
        for turn, tenant in enumerate(map(str, self._drawn)):
            if self.is_stopping.is_set():
                break
            if self._rng.random() < _ADDS:
                self._add(tenant, f"{self._number}-{turn}")
            else:
                self._search(tenant)
            if self.done.pending and self._rng.random() < _RESENT:
                self._add(*self.done.pending.pop(0))
        while self.done.pending:
            self._add(*self.done.pending.pop(0))

    def _add(self, tenant: str, op_id: str) -> None:
        began = time.monotonic()
        try:
            write = Write(scope=Scope(tenant), op_id=op_id)
            self._memory.add(f"Decision {op_id} of {tenant}", on_similar=None, write=write)
        except (StoreUnavailable, CommitUnknown):
            self.done.pending.append((tenant, op_id))
            self._note(began, tenant, is_write=True, is_answered=False)
        else:
            self.done.acknowledged[tenant].append(op_id)
            self._note(began, tenant, is_write=True, is_answered=True)

    def _search(self, tenant: str) -> None:
        began, is_answered = time.monotonic(), True
        try:
            self._memory.search(f"decision {self._number}", scope=Scope(tenant))
        except StoreUnavailable:
            is_answered = False
        self._note(began, tenant, is_write=False, is_answered=is_answered)

    def _note(self, began: float, tenant: str, *, is_write: bool, is_answered: bool) -> None:
        self.done.calls.append(Call(began, time.monotonic(), tenant, is_write, is_answered))
        if not is_answered:
            time.sleep(_PAUSE_S)


class Simulation:
    """Servers, tenants, and what became of them.

    Args:
        servers: By the name of their shard.
        url: The store over all of them.
        rule: Which tenant is where.
        asked: The command's arguments.
    """

    def __init__(self, servers: dict[str, Server], url: str, rule: Shards, asked: argparse.Namespace) -> None:
        self._servers = servers
        self._url = url
        self._rule = rule
        self._asked = asked
        self._tenants = [f"tenant-{number:04d}" for number in range(asked.tenants)]

    def rows(self) -> list[Row]:
        """Run all, then read every ledger."""
        _say("schema")
        with closing(open_schema(self._url, _PATIENT)) as schema:
            schema.apply()
        with open_store(self._url, _PATIENT, create=False) as store:
            self._warm_up(words_alone(store, scope=Scope("nobody"), actor="shards"))
        with open_store(self._url, _SHORT, create=False) as store:
            memory = words_alone(store, scope=Scope("nobody"), actor="shards")
            workers = [Worker(number, memory, self._tenants, self._asked.seed) for number in range(self._asked.threads)]
            began = time.monotonic()
            for worker in workers:
                worker.start()
            outage = self._break_one()
            time.sleep(self._asked.seconds)
            for worker in workers:
                worker.is_stopping.set()
            for worker in workers:
                worker.join()
        done = [worker.done for worker in workers]
        return [*self._speeds(began, outage, done), *self._outage(outage, done), *self._kept(done), *self._spread(done)]

    def _warm_up(self, memory: GraphMemory) -> None:
        for tenant in self._tenants[: _WARM_UP * len(self._servers)]:
            memory.add("The first", write=Write(scope=Scope(tenant), op_id=_FIRST))
            memory.search("first", scope=Scope(tenant))

    def _break_one(self) -> Outage:
        """Kill a server in the middle and start it again with the same data and ports."""
        time.sleep(self._asked.seconds)
        shard = sorted(self._servers)[1]
        server = self._servers[shard]
        _say(f"kill -9 of shard {shard!r}")
        killed = time.monotonic()
        server.kill()
        time.sleep(self._asked.down)
        listening: list[float] = []
        watch = threading.Thread(target=lambda: listening.append(listening_at(server.options.bolt_port)), daemon=True)
        watch.start()
        self._servers[shard] = start(server.options)
        watch.join()
        _say(f"shard {shard!r} is back after {listening[0] - killed:.1f} s")
        return Outage(shard, killed, listening[0])

    def _speeds(self, began: float, outage: Outage, done: Sequence[Done]) -> list[Row]:
        calls = [call for one in done for call in one.calls if call.is_answered]
        ended = max(call.ended for call in calls)

        def rate(start_s: float, end_s: float) -> float:
            return sum(start_s <= call.ended < end_s for call in calls) / (end_s - start_s)

        return [
            Row("calls answered, all servers up", rate(began, outage.killed), "/s", "higher"),
            Row("calls answered, one down", rate(outage.killed, outage.listening), "/s", "higher"),
            Row("calls answered, up again", rate(outage.listening, ended), "/s", "higher"),
        ]

    def _outage(self, outage: Outage, done: Sequence[Done]) -> list[Row]:
        calls = [call for one in done for call in one.calls]
        failed = [call for call in calls if not call.is_answered]
        elsewhere = [call for call in failed if self._rule.shard_of(call.tenant) != outage.shard]
        during = [call for call in calls if call.ended > outage.killed and call.began < outage.listening]
        first = min(
            call.ended
            for call in calls
            if call.is_answered and call.ended > outage.listening and self._rule.shard_of(call.tenant) == outage.shard
        )
        return [
            Row("server down", outage.listening - outage.killed, "s", "lower"),
            Row("calls while it was down", len(during), "", "higher"),
            Row("share of them that failed", sum(not call.is_answered for call in during) / len(during), "", "lower"),
            Row("failed calls of tenants on other servers", len(elsewhere), "", "lower", 0),
            Row("first answer after its port is open", first - outage.listening, "s", "lower", 5),
        ]

    def _kept(self, done: Sequence[Done]) -> list[Row]:
        """What the ledgers say, read by a store of its own."""
        _say("reading every ledger")
        acknowledged: dict[str, Counter[str]] = defaultdict(Counter)
        for one in done:
            for tenant, operations in one.acknowledged.items():
                acknowledged[tenant].update(operations)
        lost = doubled = 0
        with open_store(self._url, _PATIENT, create=False) as store:
            for tenant, sent in acknowledged.items():
                recorded = [change.op_id for change in _ledger(store, tenant) if change.op_id != _FIRST]
                lost += len(sent.keys() - set(recorded))
                doubled += len(recorded) - len(sent.keys() & set(recorded))
            findings = store.check()
        print(*findings[:10], sep="\n", file=sys.stderr)
        return [
            Row("tenants written to", len(acknowledged), "", "higher"),
            Row("writes acknowledged", sum(sum(one.values()) for one in acknowledged.values()), "", "higher"),
            Row("writes that failed at first and were sent again", _resent(done), "", "lower"),
            Row("acknowledged writes lost", lost, "", "lower", 0),
            Row("writes applied twice", doubled, "", "lower", 0),
            Row("findings of check", len(findings), "", "lower", 0),
        ]

    def _spread(self, done: Sequence[Done]) -> list[Row]:
        tenants = Counter(map(self._rule.shard_of, self._tenants))
        calls = Counter(self._rule.shard_of(call.tenant) for one in done for call in one.calls if call.is_answered)
        total = sum(calls.values())
        return [
            Row("servers", len(self._servers), "", "higher"),
            Row("tenants", len(self._tenants), "", "higher"),
            *(Row(f"tenants on shard {name!r}", tenants[name], "", "lower") for name in sorted(tenants)),
            *(Row(f"share of calls on shard {name!r}", calls[name] / total, "", "lower") for name in sorted(calls)),
        ]


def main() -> None:
    """Run, print and write `results/shards.json`; exit 1 if anything was lost, doubled or failed elsewhere."""
    asked = _arguments()
    logging.getLogger("neo4j").setLevel(logging.CRITICAL)  # it tells of every connection that broke
    _say(f"seed {asked.seed}")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="graphmem-shards-")))
        servers: dict[str, Server] = {}
        stack.callback(lambda: _stop(servers.values()))
        for number in range(asked.servers):
            name = chr(ord("a") + number)
            _say(f"starting shard {name!r}")
            servers[name] = start(_options(folder / name, asked))
        path = folder / "shards.toml"
        path.write_text("[shards]\n" + "".join(f'{name} = "{one.url}"\n' for name, one in servers.items()))
        rows = Simulation(servers, f"neo4j-shards:///{path}", Shards.read(path), asked).rows()
    rows += [Row("load of the machine", load_per_core(), "/core", "lower"), Row("seed", asked.seed, "", "lower")]
    show(rows)
    _say(f"written to {write('shards', rows).name}")
    sys.exit(any(row.goal == 0 and row.value for row in rows))


def _stop(servers: Iterable[Server]) -> None:
    for server in servers:
        server.stop()


def _options(folder: Path, asked: argparse.Namespace) -> Options:
    # Without tiers the compilers of three servers would take the processors from what is measured.
    return Options(folder=folder, heap=asked.heap, page_cache="64m", has_auth=False, is_quick=True)


def _ledger(store: Store, tenant: str) -> list[Change]:
    found: list[Change] = []
    while page := store.changes(Scope(tenant), after=found[-1].seq if found else 0):
        found += page
    return found


def _resent(done: Sequence[Done]) -> int:
    return sum(call.is_write and not call.is_answered for one in done for call in one.calls)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shards", description=__doc__)
    parser.add_argument("--servers", type=int, default=3)
    parser.add_argument("--tenants", type=int, default=1_000)
    parser.add_argument("--threads", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=20, help="before the kill, and after the restart")
    parser.add_argument("--down", type=float, default=8, help="seconds between the kill and the restart")
    parser.add_argument("--heap", default="512m", help="Java's heap of each server (512m)")
    parser.add_argument("--seed", type=int, default=secrets.randbits(32))
    return parser.parse_args()


if __name__ == "__main__":
    main()
