"""Executes the notebooks and keeps their outputs: `make notebooks`, or `python -m tools.notebooks [NAME...]`.

Each runs from what ships with graphmem, in a kernel and a store of its own. What is kept is small, names no place of
this machine, and carries a hash of the sources that it came from, which tests compare.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbformat import NotebookNode

FOLDER = Path(__file__).resolve().parent.parent / "notebooks"
PATHS = tuple(sorted(FOLDER.glob("*.ipynb")))
MAX_PICTURE_BYTES = 250_000
_TIMEOUT_S = 300
_KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
_WIDGET = "application/vnd.jupyter.widget-view+json"
#: Folders of a machine, in whatever an output says.
_PLACES = re.compile(
    r"(?:^|[\s'\"(=])(?:/(?:home|root|tmp|usr|var|Users|private|opt)/|[A-Za-z]:\\)|file://|"
    + re.escape(str(FOLDER.parent))
)


def main() -> int:
    """0 if all ran and what they left may be kept; 1 with what may not on standard error."""
    parser = argparse.ArgumentParser(description="Executes the notebooks and keeps their outputs.")
    parser.add_argument("names", nargs="*", help="which; all if none is named")
    parser.add_argument("--into", type=Path, default=FOLDER, help="where they are written, in place of notebooks/")
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    is_bad = False
    for path in PATHS:
        if options.names and path.stem not in options.names:
            continue
        done = executed(path)
        found = list(problems(done))
        is_bad = is_bad or bool(found)
        for problem in found:
            print(f"{path.name}: {problem}", file=sys.stderr)
        if not found:
            nbformat.write(done, options.into / path.name)  # type: ignore[no-untyped-call]
            print(f"{path.name}: {(options.into / path.name).stat().st_size:,} bytes")
    return 1 if is_bad else 0


def executed(path: Path) -> NotebookNode:
    """The notebook with fresh outputs, as it is to be kept; the file is left as it is.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell failed.
    """
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    notebook: NotebookNode = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    with tempfile.TemporaryDirectory() as folder:
        # Sockets in a folder of its own, not ports that all the machine can reach.
        kernel = AsyncKernelManager(kernel_name="python3", transport="ipc", ip=f"{folder}/kernel")
        client = NotebookClient(
            notebook,
            km=kernel,
            timeout=_TIMEOUT_S,
            resources={"metadata": {"path": str(FOLDER)}},
            # A slow machine prints a cell's lines in more parts than a fast one.
            coalesce_streams=True,
            store_widget_state=False,
            record_timing=False,
        )
        own = {"IPYTHONDIR": folder, "GRAPHMEM_DATA": folder, "TMPDIR": folder}
        client.execute(env={**os.environ, **own})
    return _kept(notebook)


def _kept(notebook: NotebookNode) -> NotebookNode:
    """Without what is about this run or this machine; a widget leaves its still picture."""
    for cell in notebook.cells:
        cell.metadata = {}
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(_WIDGET, None)
            output.pop("transient", None)
    notebook.metadata = {
        "kernelspec": _KERNEL,
        "language_info": {"name": "python"},
        "graphmem": {"sources": sources_hash(notebook)},
    }
    return notebook


def sources_hash(notebook: NotebookNode) -> str:
    """One for all cells' sources."""
    texts = (f"{cell.cell_type}\x1f{cell.source}" for cell in notebook.cells)
    return hashlib.sha256("\x1e".join(texts).encode()).hexdigest()


def problems(notebook: NotebookNode) -> Iterator[str]:
    """Why the notebook may not be kept as it is; nothing if it may."""
    if notebook.metadata.get("graphmem", {}).get("sources") != sources_hash(notebook):
        yield "its sources changed since it was executed; run: make notebooks"
    for number, cell in enumerate(one for one in notebook.cells if one.cell_type == "code"):
        if cell.execution_count != number + 1:
            yield f"cell {number + 1} was not executed in its turn; run: make notebooks"
        for output in cell.outputs:
            yield from (f"cell {number + 1} {problem}" for problem in _problems_of(output))


def _problems_of(output: NotebookNode) -> Iterator[str]:
    if output.output_type == "error" or output.get("name") == "stderr":
        yield f"failed or complained: {str(output)[:200]}"
    text = output_text(output)
    if place := _PLACES.search(text):
        yield f"names a place of a machine: {text[max(place.start() - 20, 0) : place.end() + 40]!r}"
    picture = output.get("data", {}).get("image/png", "")
    if len(picture) * 3 // 4 > MAX_PICTURE_BYTES:
        yield f"has a picture of {len(picture) * 3 // 4:,} bytes, more than {MAX_PICTURE_BYTES:,}"


def output_text(output: NotebookNode) -> str:
    """What an output says in words."""
    return str(output.get("text", "") or output.get("data", {}).get("text/plain", ""))


if __name__ == "__main__":
    sys.exit(main())
