"""What a gradebook says, in whichever database it is kept."""

from typing import Any

from sqlalchemy import create_engine, text

_PLACES = """
    JOIN submitted_notebook m ON g.notebook_id = m.id JOIN notebook n ON m.notebook_id = n.id
    JOIN submitted_assignment s ON m.assignment_id = s.id JOIN base_cell b ON g.cell_id = b.id
    ORDER BY 1, 2, 3
"""
_QUERIES = {
    "scores": "SELECT s.student_id, n.name, b.name, g.auto_score, g.manual_score, g.needs_manual_grade "
    f"FROM grade g {_PLACES}",
    "comments": "SELECT s.student_id, n.name, b.name, g.auto_comment, g.manual_comment "
    f"FROM comment g {_PLACES}",
    "submissions": "SELECT s.student_id, SUBSTR(CAST(s.timestamp AS VARCHAR), 1, 19), "
    "m.late_submission_penalty "
    "FROM submitted_notebook m JOIN submitted_assignment s ON m.assignment_id = s.id ORDER BY 1",
    "students": "SELECT id, first_name, last_name, email FROM student ORDER BY 1",
    "courses": "SELECT id FROM course ORDER BY 1",
}


def contents_of(address: str, *, ledger: bool = False) -> dict[str, list[Any]]:
    """All that a gradebook says, without its random ids."""
    queries = {**_QUERIES, **({"ledger": "SELECT * FROM gradecheck_ledger ORDER BY 1, 2"} if ledger else {})}
    engine = create_engine(address)
    try:
        with engine.connect() as database:
            return {name: [tuple(r) for r in database.execute(text(q))] for name, q in queries.items()}
    finally:
        engine.dispose()
