"""Goal: the example notebook works as committed. Method: execute it in a kernel."""

from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "guide" / "engine.ipynb"


def test_the_example_notebook_runs() -> None:
    """Criterion: LIB-6."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    kinds = {kind for output in outputs for kind in output.get("data", {})}
    assert "image/png" in kinds
    assert not [output for output in outputs if output["output_type"] == "error"]
