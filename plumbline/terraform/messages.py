"""The messages of Terraform's plugin protocol, generated from the definition that comes with the pinned OpenTofu."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from plumbline.core import shell
from plumbline.core.checksum import sha256_of
from plumbline.images.workshop import Workshop

_MODULE = "github.com/opentofu/opentofu"
_DEFINITION = "docs/plugin-protocol/tfplugin6.10.proto"
_NAME = "terraform_plugin"
_WITHIN_S = 60.0


def load(shop: Workshop) -> ModuleType:
    """Return the messages as a module; generated once."""
    definition = shop.upstream.file(_MODULE, _DEFINITION)
    folder = shop.store.path("terraform", f"{_NAME}-{sha256_of(definition)[:16]}")
    if not folder.is_dir():
        with shop.store.making(folder) as made:
            made.mkdir()
            _generate(definition, made)
    return _imported(folder / f"{_NAME}_pb2.py")


def _generate(definition: Path, into: Path) -> None:
    source = into / f"{_NAME}.proto"
    source.write_bytes(definition.read_bytes())
    argv: list[str | Path] = [sys.executable, "-m", "grpc_tools.protoc", f"-I{into}", f"--python_out={into}", source]
    shell.run(argv, within_s=_WITHIN_S)


def _imported(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
