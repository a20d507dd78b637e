"""The page of measured figures, of which each tool writes the part that it measures."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TABLE = Path("docs", "bench.md")


def write_part(heading: str, text: str) -> None:
    """Put a part with a heading of the first level into the page, in place of the one that was there."""
    page = ROOT / TABLE
    before = page.read_text(encoding="utf-8") if page.exists() else ""
    parts = {
        part.split("\n", 1)[0]: part.strip() for part in re.split(r"(?m)^(?=# )", before) if part.strip()
    }
    parts[f"# {heading}"] = f"# {heading}\n\n{text.strip()}"
    page.write_text("\n\n".join(parts.values()) + "\n", encoding="utf-8")
