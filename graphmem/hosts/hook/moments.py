"""What graphmem says at each moment of a session."""

from __future__ import annotations

import contextlib
import json
import os
import re

from graphmem.hosts.hook.answer_cache import CacheKey
from graphmem.hosts.hook.capture_queue import Waiting, queue_transcript
from graphmem.hosts.hook.event_table import AFTER_TOOL, BEFORE_TOOL, CAPTURE, PROMPT, SESSION_START
from graphmem.hosts.hook.guard_index import GuardIndex, is_code
from graphmem.hosts.hook.output import ALLOW, Answer, takes_text
from graphmem.hosts.hook.project_folder import Project, branch_of, work_tree_of
from graphmem.hosts.hook.session_state import digest, session_state
from graphmem.hosts.hook.told import CLOSING, OPENING, Block, Guarded
from graphmem.hosts.hook.trust import is_trusted

TYPE_CHECKING = False  # typing takes milliseconds to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from graphmem.hosts.hook.payload import Payload

    class HookMemory(Protocol):
        """A memory as hooks ask it."""

        def session_block(self, branch: str) -> Block:
            """The block with which a session starts, for the branch that is checked out."""
            ...

        def prompt_block(self, prompt: str) -> Block:
            """What is recorded about a prompt; without lines if nothing is."""
            ...

        def path_block(self, payload: Payload) -> Block:
            """What is recorded about the files of a tool; without lines if nothing is."""
            ...

        def guard_index(self) -> dict[str, object]:
            """What an edit of code must have to concern a memory, as the fields of a `GuardIndex`."""
            ...

        def guard(self, payload: Payload) -> Guarded:
            """What a tool would bring back, or has brought back."""
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


def answer(payload: Payload, project: Project, open_memory: Callable[[], HookMemory]) -> Answer:
    """What to say to a host; empty if there is nothing.

    Args:
        payload: What the host sent.
        project: The store of the working folder.
        open_memory: Opens the memory, which takes most of the time of a hook; called only if it must be asked.

    Raises:
        OSError: The state of the session cannot be read or written.
        GraphMemError: The memory cannot be opened or asked.
    """
    if payload.moment == CAPTURE:
        _capture(payload)
        return Answer()
    if project.folder and not project.url and not is_trusted(project.folder):
        return _untrusted(payload)
    if payload.moment == SESSION_START:
        return _at_start(payload, project, open_memory)
    if payload.moment == PROMPT:
        return _at_prompt(payload, open_memory)
    if payload.moment == BEFORE_TOOL:
        return _before_tool(payload, project, open_memory)
    assert payload.moment == AFTER_TOOL  # noqa: S101 - there is no other moment
    return _after_tool(payload, project, open_memory)


def _untrusted(payload: Payload) -> Answer:
    if payload.moment != SESSION_START or not takes_text(payload.host, SESSION_START):
        return Answer()
    with session_state(payload.host, payload.session) as state:
        if state.is_repeated(_identity(payload)):
            return Answer()
    return Answer(f"{OPENING}\n{_UNTRUSTED}\n{CLOSING}")


def _kept(project: Project, question: str, make: Callable[[], dict[str, object]]) -> dict[str, object]:
    """An answer that was kept and is still right, else a new one; one of a server is never kept."""
    if not project.file:
        return make()
    key = CacheKey(project, question)
    fields = key.read()
    if fields is None:
        fields = make()
        key.write(fields)
    return fields


# ---- blocks


def _at_start(payload: Payload, project: Project, open_memory: Callable[[], HookMemory]) -> Answer:
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
    return Answer(block.text())


def _at_prompt(payload: Payload, open_memory: Callable[[], HookMemory]) -> Answer:
    if not takes_text(payload.host, PROMPT) or is_talk(payload.prompt):
        return Answer()
    return _untold(payload, open_memory().prompt_block(payload.prompt))


def is_talk(prompt: str) -> bool:
    """Whether a prompt says nothing that a memory could know: an assent, a command of the host, or nothing.

    >>> is_talk("Yes, go ahead!"), is_talk("/compact"), is_talk("use Redis")
    (True, True, False)
    """
    plain = prompt.strip().lower().replace("'", "").replace("\u2019", "")
    return (plain.startswith("/") and " " not in plain) or all(word in _TALK for word in _WORD.findall(plain))


def _untold(payload: Payload, block: Block) -> Answer:
    """The lines of a block that the session was not told."""
    if not block.lines:
        return Answer()
    names = {digest(key): key for key in block.keys}
    with session_state(payload.host, payload.session) as state:
        if state.is_repeated(_identity(payload)):
            return Answer()
        new = state.untold(list(names))
    return Answer(block.text([names[name] for name in new]))


# ---- tools


def _before_tool(payload: Payload, project: Project, open_memory: Callable[[], HookMemory]) -> Answer:
    if payload.is_edit or payload.patch:
        return _guarded(payload, _guard_of_edit(payload, project, open_memory))
    command = payload.command
    if not is_package_command(command) and not _is_guarded_command(command, project, open_memory):
        return Answer()
    fields = _kept(project, f"command {command}", lambda: open_memory().guard(payload).fields())
    return _guarded(payload, Guarded.of(fields))


def _is_guarded_command(command: str, project: Project, open_memory: Callable[[], HookMemory]) -> bool:
    """Whether a command runs a program that a key names; a server is not asked for that."""
    return bool(command and project.file) and _index(project, open_memory).runs(command)


def _index(project: Project, open_memory: Callable[[], HookMemory]) -> GuardIndex:
    return GuardIndex.of(_kept(project, "guard index", lambda: open_memory().guard_index()))


def _guard_of_edit(payload: Payload, project: Project, open_memory: Callable[[], HookMemory]) -> Guarded:
    """What guard finds in an edit; it is not asked if no word of the edit can concern a memory."""
    paths = payload.relative_files(work_tree_of(os.getcwd()))
    texts = [new for _, new in payload.edits()]
    is_read = bool(project.file and texts and paths) and not payload.patch and all(map(is_code, paths))
    if is_read and not _index(project, open_memory).concerns(paths, texts):
        return Guarded()
    return open_memory().guard(payload)


def _after_tool(payload: Payload, project: Project, open_memory: Callable[[], HookMemory]) -> Answer:
    if not takes_text(payload.host, AFTER_TOOL):
        return Answer()
    late = _late_warnings(payload)
    if payload.is_shell:
        is_asked = can_write(payload.command)
        found = _guarded(payload, open_memory().guard(payload)) if is_asked else Answer()
    elif files := payload.files():
        question = json.dumps(["path", payload.folder, files])
        found = _untold(payload, Block.of(_kept(project, question, lambda: open_memory().path_block(payload).fields())))
    else:
        found = Answer()
    return Answer("\n".join(text for text in (late, found.text) if text))


def _late_warnings(payload: Payload) -> str:
    """The warnings of a host that takes no text before a tool, kept from then."""
    if takes_text(payload.host, BEFORE_TOOL):
        return ""
    with session_state(payload.host, payload.session) as state:
        lines, state.pending = state.pending, []
    return "\n".join([OPENING, *lines, CLOSING]) if lines else ""


def _guarded(payload: Payload, found: Guarded) -> Answer:
    """What guard found: a refusal always, and warnings that the session was not given."""
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
    """Whether a command of a shell may add a package: a superset of what guard reads."""
    return any(word.rpartition("/")[2] in _MANAGERS for word in re.split(r"[\s;&|()]+", command)) or bool(
        re.search(r"python[\d.]* -m (?:pip|uv)", command)
    )


def can_write(command: str) -> bool:
    """Whether a command of a shell may write files of the project, as far as its first words tell."""
    words = {word.rpartition("/")[2] for word in re.split(r"[\s;&|()]+", command)}
    return bool(words & _WRITERS or words & _MANAGERS or _REDIRECT.search(command))


# ---- capture


def _capture(payload: Payload) -> None:
    """Queue what the transcript gained since it was queued last."""
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


def _identity(payload: Payload) -> str:
    """The part of a payload that is equal in two registrations of one event, whatever each host calls it."""
    parts = [payload.moment, payload.source, payload.prompt, payload.use_id, payload.command, payload.files()]
    return json.dumps(parts)
