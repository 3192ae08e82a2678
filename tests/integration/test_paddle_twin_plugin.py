import re
import subprocess
import sys
from pathlib import Path

DOC = Path(__file__).parents[2] / "docs" / "paddle-twin.md"


def test_the_documents_first_test_runs_as_it_stands(tmp_path: Path) -> None:
    found = re.search(r"```python\n(.*?)```", DOC.read_text(), re.DOTALL)
    assert found is not None
    (tmp_path / "test_it.py").write_text(found[1])
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "paddle_twin.pytest_plugin", "test_it.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 passed" in ran.stdout


def test_the_plugin_costs_others_nothing() -> None:
    told = (
        "import sys, paddle_twin.pytest_plugin; print([name for name in ('aiohttp', 'jinja2') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
