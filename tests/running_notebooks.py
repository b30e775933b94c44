"""Notebooks run in kernels of their own."""

from __future__ import annotations

import tempfile
from typing import Any

from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config


def execute(notebook: NotebookNode, **options: Any) -> NotebookNode:
    """Run a notebook in a kernel reached by sockets in a folder of its own.

    Kernels that tests start side by side by TCP may be given one port, and then wait for each other for ever.
    """
    with tempfile.TemporaryDirectory() as folder:
        config = Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})
        return NotebookClient(notebook, kernel_name="python3", config=config, **options).execute()
