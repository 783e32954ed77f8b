"""Checks the embedding model, and whether the stored vectors were made with it."""

from __future__ import annotations

from graphmem.doctor.fixes import on_store
from graphmem.doctor.links import Check, CheckContext, CheckResult, broken, ok, warn
from graphmem.retrieval.embedder import EmbedderMissing, card_of, model_mismatch, needs_download
from graphmem.retrieval.verification import verify

_OFF = "off"
_LOAD_S = 120.0


def _model(context: CheckContext) -> CheckResult:
    settings = context.settings
    if settings.embeddings == _OFF:
        return ok("switched off by GRAPHMEM_EMBEDDINGS: search is lexical only")
    if needs_download(settings.model):
        message = f"{settings.model!r} is not downloaded yet; the first use downloads it"
        return warn(message, f"hf download {settings.model}")
    backend = context.backend()
    if isinstance(backend, EmbedderMissing):
        reason, _, fix = backend.reason.partition(" Run: ")
        result = broken if settings.embeddings != "minilm" else warn
        return result(f"{reason} Search is lexical only.", fix or "graphmem status")
    for part in verify(settings.embeddings, settings.model):
        if not part.is_sound:
            return broken(f"{part.name}: {part.found}", part.fix or "graphmem model verify")
    return ok(f"{backend.name} makes vectors of {backend.dimension} dimensions")


def _vectors(context: CheckContext) -> CheckResult:
    info, backend = context.info, context.backend()
    assert info is not None, "the contents check runs first"  # noqa: S101
    if isinstance(backend, EmbedderMissing):
        return ok(f"{info.vectors:,} stored; no model is installed to compare them with")
    differs = model_mismatch(backend, info.model)
    if differs is not None:
        return broken(differs.partition(";")[0], on_store("graphmem reindex", context))
    if info.vectors < info.memories:
        missing = info.memories - info.vectors
        return warn(f"{missing:,} of {info.memories:,} memories have no vector", on_store("graphmem reindex", context))
    return ok(f"{info.vectors:,}, of {card_of(backend).name}")


MODEL = Check("model", _model, limit_s=_LOAD_S)
VECTORS = Check("vectors", _vectors, needs=("contents", "model"), limit_s=_LOAD_S)
