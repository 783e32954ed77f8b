"""The model that makes vectors, and whether the store's are of it."""

from __future__ import annotations

from graphmem.doctor.links import Case, Check, Look, broken, ok, warn
from graphmem.doctor.mending import on_place
from graphmem.retrieval.embedding import card_of, needs_download, other_model
from graphmem.retrieval.verification import verify

_OFF = "off"
_LOAD_S = 120.0


def _model(case: Case) -> Look:
    settings = case.settings
    if settings.embeddings == _OFF:
        return ok("switched off by GRAPHMEM_EMBEDDINGS: search is by words alone")
    if needs_download(settings.model):
        told = f"{settings.model!r} was never downloaded; the first use would do it"
        return warn(told, f"hf download {settings.model}")
    backend = case.backend()
    if isinstance(backend, str):
        found, _, fix = backend.partition(" Run: ")
        tell = broken if settings.embeddings != "minilm" else warn
        return tell(f"{found} Search is by words alone.", fix or "graphmem status")
    for part in verify(settings.embeddings, settings.model):
        if not part.is_sound:
            return broken(f"{part.name}: {part.found}", part.fix or "graphmem model verify")
    return ok(f"{backend.name} makes vectors of {backend.dimension} numbers")


def _vectors(case: Case) -> Look:
    info, backend = case.info, case.backend()
    assert info is not None, "the check of contents comes first"  # noqa: S101
    if isinstance(backend, str):
        return ok(f"{info.vectors:,} stored; no model here to compare them with")
    differs = other_model(backend, info.model)
    if differs is not None:
        return broken(differs.partition(";")[0], on_place("graphmem reindex", case))
    if info.vectors < info.memories:
        missing = info.memories - info.vectors
        return warn(f"{missing:,} of {info.memories:,} memories have none", on_place("graphmem reindex", case))
    return ok(f"{info.vectors:,}, of {card_of(backend).name}")


MODEL = Check("model", _model, limit_s=_LOAD_S)
VECTORS = Check("vectors", _vectors, needs=("contents", "model"), limit_s=_LOAD_S)
