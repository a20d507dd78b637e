"""What to teach again: a class's misconceptions, and wrong answers that are equal and have no name."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from gradecheck.catalogue import EXERCISES
from gradecheck.class_report.model import ClassScores, Mark, State, StudentScores
from gradecheck.diagnose.shared import known_mistakes
from gradecheck.likeness import Likeness

_SENTENCES = {
    "autodiff-inside": "Something else differentiates inside the answer.",
    "library-inside": "The answer calls the library for what it was asked to write.",
    "inputs-changed": "The numbers are right, and an argument is changed in place.",
    "depends-on-earlier-calls": "The answer remembers something from earlier calls.",
}
_UNREADABLE = "unreadable"


@dataclass(frozen=True)
class Seen:
    """A misconception in one exercise, and who has it.

    Attributes:
        exercise: such as "grad_softmax".
        sentence: what it is in this exercise.
        students: who has it, in alphabetical order.
    """

    exercise: str
    sentence: str
    students: tuple[StudentScores, ...]


@dataclass(frozen=True)
class Misconception:
    """A misconception over all exercises.

    Attributes:
        id: the stable one, such as "upstream-ignored".
        seen: where, one an exercise, in the notebook's order.
    """

    id: str
    seen: tuple[Seen, ...]

    @property
    def title(self) -> str:
        """The id as words."""
        return self.id.replace("-", " ")

    @property
    def students(self) -> tuple[StudentScores, ...]:
        """Everybody who has it anywhere, once, in alphabetical order."""
        by_name = {student.student: student for seen in self.seen for student in seen.students}
        return tuple(by_name[name] for name in sorted(by_name))

    @property
    def summary(self) -> str:
        """How often, in words: "9 students in 4 exercises"."""
        return f"{_counted(len(self.students), 'student')} in {_counted(len(self.seen), 'exercise')}"


@dataclass(frozen=True)
class Cluster:
    """Answers to one exercise that are wrong in the same way, which has no name.

    Attributes:
        exercise: such as "grad_softmax".
        label: what is wrong, in a word or two.
        shown: what they give on the printed example; empty where they were not compared.
        students: who wrote one.
    """

    exercise: str
    label: str
    shown: str
    students: tuple[StudentScores, ...]

    @property
    def compared(self) -> bool:
        """Whether the answers are known to be equal."""
        return bool(self.shown)


def misconceptions_of(scores: ClassScores) -> tuple[Misconception, ...]:
    """The recognised mistakes, those of most students first."""
    where: dict[str, dict[str, list[StudentScores]]] = {}
    for column in scores.columns:
        for student, mark in _marks_in(scores, column.exercise):
            if mark.misconception is not None:
                exercises = where.setdefault(mark.misconception, {})
                exercises.setdefault(column.exercise, []).append(student)
    found = [
        Misconception(
            mistake,
            tuple(
                Seen(exercise, sentence_of(exercise, mistake), tuple(students))
                for exercise, students in exercises.items()
            ),
        )
        for mistake, exercises in where.items()
    ]
    return tuple(sorted(found, key=lambda m: (-len(m.students), -len(m.seen), m.id)))


def clusters_of(scores: ClassScores) -> tuple[Cluster, ...]:
    """The wrong answers without a name, equal ones together: the largest groups first."""
    found = [cluster for column in scores.columns for cluster in _clusters_in(scores, column.exercise)]
    return tuple(sorted(found, key=lambda cluster: (not cluster.compared, -len(cluster.students))))


@lru_cache(maxsize=1024)
def sentence_of(exercise: str, mistake: str) -> str:
    """What a mistake is, in words; its id where there are none."""
    for known in EXERCISES:
        if known.name == exercise:
            sentences = {m.id: m.sentence for m in known_mistakes(known)}
            return sentences.get(mistake) or _SENTENCES.get(mistake, mistake)
    return _SENTENCES.get(mistake, mistake)


def _clusters_in(scores: ClassScores, exercise: str) -> Iterator[Cluster]:
    alike: list[tuple[Likeness, str, list[StudentScores]]] = []
    apart: dict[str, list[StudentScores]] = {}
    for student, mark in _marks_in(scores, exercise):
        if not _is_unrecognised(mark):
            continue
        likeness = mark.likeness
        if likeness is None:
            apart.setdefault(mark.word, []).append(student)
            continue
        for known, _, students in alike:
            if known.agrees_with(likeness):
                students.append(student)
                break
        else:
            alike.append((likeness, mark.word, [student]))
    for likeness, label, students in alike:
        yield Cluster(exercise, label, likeness.shown or "nothing", tuple(students))
    for label, students in apart.items():
        yield Cluster(exercise, label, "", tuple(students))


def _is_unrecognised(mark: Mark) -> bool:
    wrong = mark.state in (State.FAILED, State.CRASHED)
    return wrong and mark.misconception is None and bool(mark.result) and mark.word != _UNREADABLE


def _marks_in(scores: ClassScores, exercise: str) -> Iterable[tuple[StudentScores, Mark]]:
    for student in scores.students:
        mark = student.by_exercise.get(exercise)
        if mark is not None:
            yield student, mark


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
