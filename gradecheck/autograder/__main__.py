"""`python -m gradecheck.autograder FOLDER`: what Gradescope's run_autograder starts."""

import sys
from pathlib import Path

from gradecheck.autograder.grading import grade_upload

sys.exit(grade_upload(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("/autograder")))
