"""Who is in the made-up class, and what each hands in. A table of facts."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Damage(StrEnum):
    """What else is wrong with a submission."""

    NONE = "none"
    NOT_HANDED_IN = "never handed in"
    NOT_JSON = "a file cut off in the middle"
    EMPTY = "an empty file"
    GRADED_TWICE = "a graded cell twice"
    GRADED_DELETED = "a graded cell deleted"
    EXECUTION_SKIPPED = "graded cells tagged skip-execution"
    FORGED_MODULE = "a gradecheck.py of its own beside the notebook"


@dataclass(frozen=True)
class Student:
    """One of the class.

    Attributes:
        name: nbgrader's id of the student.
        answers: by exercise, the name of an answer; None where it is not started.
        damage: what else is wrong.
    """

    name: str
    answers: Mapping[str, str | None]
    damage: Damage = Damage.NONE


#: Answers that no test may wait for ten seconds each time, so they are not in the file of answers.
#: This one comes back where dz is square, as in the printed example, and never where it has more rows.
ENDLESS = {
    "conv2d__endless": """def grad_conv2d(x, w, dz):
    dw = tf.zeros_like(w)
    last = dz.shape[0] - 1
    i = j = 0
    while True:
        dw += dz[i, j] * x[i : i + w.shape[0], j : j + w.shape[1]]
        if i == last and j == last:
            return dw
        j += 1
        if j == dz.shape[1]:
            i, j = (i + 1) % dz.shape[0], 0"""
}


def _student(
    name: str,
    sigmoid: str | None = None,
    softmax: str | None = None,
    matmul: str | None = None,
    conv2d: str | None = None,
    damage: Damage = Damage.NONE,
) -> Student:
    """A student from the parts of the answers' names that come after the exercise."""
    short = {"sigmoid": sigmoid, "softmax": softmax, "matmul": matmul, "conv2d": conv2d}
    answers = {title: f"{title}__{answer}" if answer else None for title, answer in short.items()}
    return Student(name, answers, damage)


CLASS = (
    _student("amara", "right_tensorflow", "right_tensorflow", "right_tensorflow", "right_tensorflow"),
    _student("bjorn", "right_numpy", "right_numpy", "right_numpy", "right_sliding_windows"),
    _student("chidi", "right_loop", "right_loops", "right_loops", "right_four_loops"),
    _student("dalia", "right_jacobian", "right_jacobian_numpy", "right_jacobian", "right_jacobian"),
    _student("emeka", "extreme_overflow_in_exp", "extreme_overflow_in_exp", "right_einsum", "right_columns"),
    _student(
        "farah",
        "wrong_sigmoid_of_one_minus_x",
        "wrong_softmax_diagonal_only",
        "wrong_matmul_transpose_missing",
        "wrong_upstream_rotated",
    ),
    _student(
        "goran",
        "wrong_upstream_ignored",
        "wrong_softmax_diagonal_only__matrix",
        "wrong_matmul_transpose_missing__numpy",
        "wrong_last_window_only",
    ),
    _student("hana", "right_reflected", "wrong_softmax_with_cross_entropy", "right_tensordot"),
    _student("ines", "right_tanh", "wrong_softmax_diagonal_only", "wrong_matmul_order_swapped"),
    _student("jonas"),
    _student("kofi", "right_einsum", "right_stages", "right_broadcast", "endless"),
    _student(
        "leila",
        "wrong_slope_from_input",
        "wrong_softmax_average_not_subtracted",
        "wrong_printed_example",
    ),
    _student(
        "mateo",
        "right_numpy",
        "right_numpy",
        "right_numpy",
        "right_loop_over_weights",
        damage=Damage.NOT_JSON,
    ),
    _student("nadia", damage=Damage.EMPTY),
    _student(
        "omar",
        "right_where",
        "right_log_softmax",
        "right_operator",
        "right_stacked_slices",
        damage=Damage.GRADED_TWICE,
    ),
    _student(
        "priya",
        "right_cosh",
        "extreme_overflow_in_exp__tensorflow",
        "right_outer_products",
        "right_image_layout",
        damage=Damage.GRADED_DELETED,
    ),
    _student(
        "quentin",
        "wrong_sign_flipped",
        "wrong_softmax_sum_subtracted",
        "wrong_elementwise_for_matmul",
        "wrong_rotated_by_180_degrees",
        damage=Damage.EXECUTION_SKIPPED,
    ),
    _student(
        "rosa",
        "wrong_forward_value_returned",
        "wrong_forward_value_returned",
        "wrong_forward_value_returned",
        "wrong_forward_value_returned",
        damage=Damage.FORGED_MODULE,
    ),
    _student("sanjay", damage=Damage.NOT_HANDED_IN),
    _student("tomoko", "right_list_of_tensors", "right_variable", "right_plain_python", "right_fourier"),
    _student(
        "ursula",
        "extreme_inputs_changed",
        "extreme_inputs_changed",
        "extreme_inputs_changed",
        "extreme_inputs_changed",
    ),
    _student("viktor", "policy_tape", "policy_tf_gradients", "policy_tape", "policy_kernel_of_old"),
    _student("wren", "wrong_cached_by_shape", "wrong_two_returned", "wrong_stops", "wrong_rank_two"),
    _student(
        "yusuf",
        "wrong_summed_to_one_number",
        "wrong_nothing_returned",
        "wrong_text_returned",
        "wrong_upstream_rotated__numpy",
    ),
)
