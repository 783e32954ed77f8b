"""Answers of graphmem at each moment of a session."""

from __future__ import annotations

import contextlib
import json
import os
import re
import time

from graphmem.hosts.hook.answer_cache import CacheKey
from graphmem.hosts.hook.capture_queue import Waiting, queue_transcript
from graphmem.hosts.hook.event_table import AFTER_TOOL, BEFORE_TOOL, CAPTURE, PROMPT, SESSION_START
from graphmem.hosts.hook.guard_index import GuardIndex, is_code
from graphmem.hosts.hook.output import ALLOW, Answer, takes_text
from graphmem.hosts.hook.project_folder import Project, branch_of, work_tree_of
from graphmem.hosts.hook.session_state import digest, session_state
from graphmem.hosts.hook.told import CLOSING, OPENING, Block, Guarded
from graphmem.user_state.trusted_folders import is_trusted

TYPE_CHECKING = False  # typing takes milliseconds to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from graphmem.hosts.hook.payload import HookPayload

    class HookMemory(Protocol):
        """The queries that hooks make to a memory."""

        def session_block(self, branch: str) -> Block:
            """Return the block with which a session starts, for the branch that is checked out."""
            ...

        def prompt_block(self, prompt: str) -> Block:
            """Return the memories about a prompt; a block without lines if there are none."""
            ...

        def path_block(self, payload: HookPayload) -> Block:
            """Return the memories about the files of a tool; a block without lines if there are none."""
            ...

        def guard_index(self) -> dict[str, object]:
            """Return the fields of a `GuardIndex`: the words and paths by which an edit may concern a memory."""
            ...

        def guard(self, payload: HookPayload) -> Guarded:
            """Return the findings for a tool call, before or after it runs."""
            ...


#: Sources of a session whose earlier text is shown to the model again.
_REPLAYED = frozenset({"resume", "fork"})
#: Sources of a session whose context no longer has the earlier text.
_EMPTIED = frozenset({"compact", "clear"})
_UNTRUSTED = (
    "A graphmem store came with this folder, and nobody on this machine has said that it is trusted, so nothing is read"
    " from it. A person can look at it with `graphmem list` and then run `graphmem trust`."
)
_WORD = re.compile(r"[^\W_]+")
#: Words of prompts that ask for nothing that a memory could know.
_TALK = frozenset(
    "a again ahead all and any are as at be but can commit continue cool correct do does done dont"  # noqa: SIM905
    " fine for go good great hello hey hi how i in is it its just keep lets lgtm like looks me more"
    " next nice no nope not now of ok okay on once one perfect please proceed push retry right same so"
    " stop sure thank thanks that the then there these they this to too try up was we well what why"
    " will with works would yeah yep yes you your".split()
)
#: Programs that add packages or can write files of a project.
_MANAGERS = frozenset(
    "pip pip3 pipx uv poetry pdm conda mamba npm npx pnpm yarn bun deno cargo go gem bundle mvn gradle gradlew composer"  # noqa: SIM905
    " dotnet brew apt apt-get rye hatch".split()
)
_WRITERS = frozenset("sed perl tee patch cp mv ed awk git python python3 node ruby sh bash make".split())  # noqa: SIM905
_REDIRECT = re.compile(r">>?\s*(?![&\s/]|/dev/)|<<")


def answer(payload: HookPayload, project: Project, open_memory: Callable[[], HookMemory]) -> Answer:
    """Return the answer to a host; empty if there is no text and no refusal.

    Args:
        payload: The payload that the host sent.
        project: The store of the working folder.
        open_memory: Opens the memory; called only if a query needs it, as it takes most of a hook's time.

    Raises:
        OSError: The state of the session cannot be read or written.
        GraphMemError: The memory cannot be opened or queried.
    """
    if payload.moment == CAPTURE:
        _capture(payload)
        return Answer()
    if project.folder and not project.url and not is_trusted(project.folder):
        return _untrusted(payload)
    if payload.moment == SESSION_START:
        return _at_start(payload, project, open_memory)
    if payload.moment == PROMPT:
        return _at_prompt(payload, project, open_memory)
    if payload.moment == BEFORE_TOOL:
        return _before_tool(payload, project, open_memory)
    assert payload.moment == AFTER_TOOL  # noqa: S101 - there is no other moment
    return _after_tool(payload, project, open_memory)


def _untrusted(payload: HookPayload) -> Answer:
    if payload.moment != SESSION_START or not takes_text(payload.host, SESSION_START):
        return Answer()
    with session_state(payload.host, payload.session) as state:
        if state.is_repeated(_identity(payload)):
            return Answer()
    return Answer(f"{OPENING}\n{_UNTRUSTED}\n{CLOSING}")


def _kept(project: Project, question: str, make: Callable[[], dict[str, object]]) -> dict[str, object]:
    """Return a cached answer that is still valid, else a new answer; answers of a server are not cached."""
    if not project.file:
        return make()
    key = CacheKey(project, question)
    fields = key.read()
    if fields is None:
        fields = make()
        key.write(fields)
    return fields


# ---- blocks


def _at_start(payload: HookPayload, project: Project, open_memory: Callable[[], HookMemory]) -> Answer:
    if not takes_text(payload.host, SESSION_START):
        return Answer()
    branch = branch_of(work_tree_of(os.getcwd()))
    block = Block.of(_kept(project, f"session {branch}", lambda: open_memory().session_block(branch).fields()))
    # The last line names a position, which differs after any change of the store.
    content = digest("\n".join(block.keys))
    with session_state(payload.host, payload.session) as state:
        if state.is_repeated(_identity(payload)):
            return Answer()
        if payload.source in _EMPTIED:
            state.forget()
        if payload.source in _REPLAYED and state.block == content:
            return Answer()
        state.block, state.seq = content, block.seq
        state.untold([digest(key) for key in block.keys])
    _note_shown(project, block, block.keys)
    return Answer(block.text())


def _at_prompt(payload: HookPayload, project: Project, open_memory: Callable[[], HookMemory]) -> Answer:
    if not takes_text(payload.host, PROMPT) or is_talk(payload.prompt):
        return Answer()
    if project.file and os.path.isfile(project.file):
        from graphmem.hosts.silent_prompts import is_silent

        if is_silent(project.file, payload.prompt):
            return Answer()
    return _untold(payload, project, open_memory().prompt_block(payload.prompt))


def is_talk(prompt: str) -> bool:
    """Return True if a prompt has no topic for a memory: an assent, a command of the host, or an empty text.

    >>> is_talk("Yes, go ahead!"), is_talk("/compact"), is_talk("use Redis")
    (True, True, False)
    """
    plain = prompt.strip().lower().replace("'", "").replace("\u2019", "")
    return (plain.startswith("/") and " " not in plain) or all(word in _TALK for word in _WORD.findall(plain))


def _untold(payload: HookPayload, project: Project, block: Block) -> Answer:
    """Return the lines of a block that the session has not been shown."""
    if not block.lines:
        return Answer()
    names = {digest(key): key for key in block.keys}
    with session_state(payload.host, payload.session) as state:
        if state.is_repeated(_identity(payload)):
            return Answer()
        new = state.untold(list(names))
    shown = [names[name] for name in new]
    _note_shown(project, block, shown)
    return Answer(block.text(shown))


def _note_shown(project: Project, block: Block, keys: list[str]) -> None:
    """Append the memories that are shown to the spool of the recall ledger, unless it is off."""
    if not (project.file and block.reader and keys):
        return
    from graphmem.recall_spool import append_recall, spool_of

    tenant, repo, user = block.reader
    ids = list(dict.fromkeys(key.partition(" ")[0] for key in keys))
    fields = {"t": tenant, "u": user, "r": repo, "a": int(time.time()), "q": block.seq, "v": "hook"}
    append_recall(spool_of(project.file), {**fields, "e": {"surfaced": ids}})


# ---- tools


def _before_tool(payload: HookPayload, project: Project, open_memory: Callable[[], HookMemory]) -> Answer:
    if payload.is_edit or payload.patch:
        return _guarded(payload, _guard_of_edit(payload, project, open_memory))
    command = payload.command
    if not is_package_command(command) and not _is_guarded_command(command, project, open_memory):
        return Answer()
    fields = _kept(project, f"command {command}", lambda: open_memory().guard(payload).fields())
    return _guarded(payload, Guarded.of(fields))


def _is_guarded_command(command: str, project: Project, open_memory: Callable[[], HookMemory]) -> bool:
    """Return True if a command runs a program that a key names; False for a server, without a query."""
    return bool(command and project.file) and _index(project, open_memory).runs(command)


def _index(project: Project, open_memory: Callable[[], HookMemory]) -> GuardIndex:
    return GuardIndex.of(_kept(project, "guard index", lambda: open_memory().guard_index()))


def _guard_of_edit(payload: HookPayload, project: Project, open_memory: Callable[[], HookMemory]) -> Guarded:
    """Return guard's findings for an edit; guard does not run if no word of the edit can concern a memory."""
    paths = payload.relative_files(work_tree_of(os.getcwd()))
    texts = [new for _, new in payload.edits()]
    is_read = bool(project.file and texts and paths) and not payload.patch and all(map(is_code, paths))
    if is_read and not _index(project, open_memory).concerns(paths, texts):
        return Guarded()
    return open_memory().guard(payload)


def _after_tool(payload: HookPayload, project: Project, open_memory: Callable[[], HookMemory]) -> Answer:
    if not takes_text(payload.host, AFTER_TOOL):
        return Answer()
    late = _late_warnings(payload)
    if payload.is_shell:
        is_asked = can_write(payload.command)
        found = _guarded(payload, open_memory().guard(payload)) if is_asked else Answer()
    elif files := payload.files():
        question = json.dumps(["path", payload.folder, files])
        kept = _kept(project, question, lambda: open_memory().path_block(payload).fields())
        found = _untold(payload, project, Block.of(kept))
    else:
        found = Answer()
    return Answer("\n".join(text for text in (late, found.text) if text))


def _late_warnings(payload: HookPayload) -> str:
    """Return the warnings of a host that takes no text before a tool, kept from then."""
    if takes_text(payload.host, BEFORE_TOOL):
        return ""
    with session_state(payload.host, payload.session) as state:
        lines, state.pending = state.pending, []
    return "\n".join([OPENING, *lines, CLOSING]) if lines else ""


def _guarded(payload: HookPayload, found: Guarded) -> Answer:
    """Return an answer with guard's refusal, and with warnings that the session has not been shown."""
    if found.decision != ALLOW and payload.moment == BEFORE_TOOL:
        return Answer("", found.decision, found.reason)
    if not found.warnings:
        return Answer()
    texts = {digest(key): text for key, text in found.warnings}
    with session_state(payload.host, payload.session) as state:
        lines = [texts[name] for name in state.untold(list(texts))]
        if not takes_text(payload.host, payload.moment):
            state.pending += lines
            return Answer()
    return Answer("\n".join([OPENING, *lines, CLOSING]) if lines else "")


def is_package_command(command: str) -> bool:
    """Return True if a command of a shell may add a package: a superset of the commands that guard reads."""
    return any(word.rpartition("/")[2] in _MANAGERS for word in re.split(r"[\s;&|()]+", command)) or bool(
        re.search(r"python[\d.]* -m (?:pip|uv)", command)
    )


def can_write(command: str) -> bool:
    """Return True if a command of a shell may write files of the project, to judge by its words."""
    words = {word.rpartition("/")[2] for word in re.split(r"[\s;&|()]+", command)}
    return bool(words & _WRITERS or words & _MANAGERS or _REDIRECT.search(command))


# ---- capture


def _capture(payload: HookPayload) -> None:
    """Queue the bytes added to the transcript since it was queued last."""
    if not payload.transcript or not os.path.isabs(payload.transcript):
        return
    with contextlib.suppress(FileNotFoundError):
        end = os.stat(payload.transcript).st_size
        with session_state(payload.host, payload.session) as state:
            start = state.offsets.get(payload.transcript, 0)
            start = 0 if start > end else start
            if start < end:
                queue_transcript(Waiting(payload.host, payload.session, payload.folder, payload.transcript, start, end))
                state.offsets[payload.transcript] = end


def _identity(payload: HookPayload) -> str:
    """Return the part of a payload that is equal in two registrations of the same event, in any host."""
    parts = [payload.moment, payload.source, payload.prompt, payload.use_id, payload.command, payload.files()]
    return json.dumps(parts)
