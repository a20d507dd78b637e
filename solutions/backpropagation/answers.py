"""Many ways to answer backpropagation, right and wrong. For instructors: never hand this out.

The names say what to expect, as in understanding_gradients; and here there is one more kind:

    <exercise>__partial_<mistake>              one output of several is wrong: some of the points

Each definition stands for itself and needs only the names that are imported here, as in the notebook.
"""

import numpy as np
import tensorflow as tf

from gradecheck.graph import (
    Operation,
    Variable,
    gradient_function,
    topological_order,
)
from gradecheck.graph import compute_gradients as gradients_of


# ---------------------------------------------------------------------------------------------------
# negative
# ---------------------------------------------------------------------------------------------------
def negative__right_tensorflow(x, dz):
    return -dz


def negative__right_function(x, dz):
    return tf.negative(dz)


def negative__right_numpy(x, dz):
    return np.negative(dz)


def negative__right_product(x, dz):
    return -1.0 * dz


def negative__right_method(x, dz):
    return dz.__neg__()


def negative__right_zeros_minus(x, dz):
    return tf.zeros_like(x) - dz


def negative__right_subtract(x, dz):
    return np.subtract(0, dz, dtype=np.float32)


def negative__right_slope_array(x, dz):
    return dz * tf.fill(x.shape, -1.0)


def negative__right_slope_of_two_points(x, dz):
    z = lambda t: -t
    return dz * (z(1.0) - z(0.0))


def negative__right_linear(x, dz):
    def negate(t):
        return -t

    return negate(dz)


def negative__right_loop(x, dz):
    dx = np.zeros(x.shape, np.float32)
    for place in np.ndindex(*x.shape):
        dx[place] = -dz.numpy()[place]
    return dx


def negative__right_list(x, dz):
    return np.asarray(-dz).tolist()


def negative__right_einsum(x, dz):
    return np.einsum("...,->...", dz, np.float32(-1))


def negative__right_jacobian(x, dz):
    J = -np.eye(np.size(x))
    return (J.T @ np.ravel(dz)).reshape(np.shape(x))


def negative__right_variable(x, dz):
    dx = tf.Variable(tf.zeros_like(x))
    dx.assign_sub(dz)
    return dx


@tf.function
def negative__right_tf_function(x, dz):
    return -dz


def negative__right_float64(x, dz):
    return -np.asarray(dz, np.float64)


def negative__right_in_place_on_a_copy(x, dz):
    dx = np.array(dz)
    dx *= -1
    return dx


def negative__wrong_sign_flipped(x, dz):
    return dz


def negative__wrong_sign_flipped__twice(x, dz):
    return -(-dz)


def negative__wrong_slope_returned_alone(x, dz):
    return tf.constant(-1.0)


def negative__wrong_forward_value_returned(x, dz):
    return -x


def negative__wrong_forward_value_times_upstream(x, dz):
    return dz * -x


def negative__wrong_upstream_ignored(x, dz):
    return -tf.ones_like(x)


def negative__wrong_upstream_ignored__numpy(x, dz):
    return np.full(x.shape, -1.0)


def negative__wrong_upstream_squared(x, dz):
    return -dz * dz


def negative__wrong_upstream_sign_lost(x, dz):
    return -tf.abs(dz)


def negative__wrong_upstream_clipped(x, dz):
    return -tf.nn.relu(dz)


def negative__wrong_upstream_added(x, dz):
    return dz - 1


def negative__wrong_scaled_by_two(x, dz):
    return -dz - dz


def negative__wrong_scaled_by_half(x, dz):
    return -dz / 2


def negative__wrong_scaled_by_1_over_n(x, dz):
    return -dz / np.size(x)


def negative__wrong_upstream_reversed(x, dz):
    return np.flip(-np.asarray(dz))


def negative__wrong_summed_to_one_number(x, dz):
    return tf.reduce_sum(-dz)


def negative__wrong_argument_updated__added(x, dz):
    return x - dz


def negative__wrong_upstream_in_denominator(x, dz):
    return -1 / dz


def negative__wrong_sign_of_input(x, dz):
    return -dz * tf.sign(x)


def negative__wrong_logical(x, dz):
    return np.logical_not(dz)


def negative__wrong_integers_returned(x, dz):
    return tf.cast(-dz, tf.int32)


def negative__wrong_nothing_returned(x, dz):
    dx = -dz


def negative__policy_tape(x, dz):
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = -x
    return tape.gradient(z, x, output_gradients=dz)


# ---------------------------------------------------------------------------------------------------
# log
# ---------------------------------------------------------------------------------------------------
def log__right_tensorflow(x, dz):
    return dz / x


def log__right_reciprocal_first(x, dz):
    return dz * (1 / x)


def log__right_reciprocal(x, dz):
    return tf.math.reciprocal(x) * dz


def log__right_numpy(x, dz):
    return np.divide(dz, x)


def log__right_power(x, dz):
    return dz * x**-1


def log__right_pow(x, dz):
    return tf.pow(x, -1.0) * dz


def log__right_through_exp(x, dz):
    return dz * tf.exp(-tf.math.log(x))


def log__right_no_nan(x, dz):
    return tf.math.divide_no_nan(dz, x)


def log__right_tiny_safety_term(x, dz):
    return dz / (x + 1e-10)


def log__right_loop(x, dz):
    dx = np.zeros(x.shape, np.float32)
    for place in np.ndindex(*x.shape):
        dx[place] = dz.numpy()[place] / x.numpy()[place]
    return dx


def log__right_comprehension(x, dz):
    x, dz = np.asarray(x), np.asarray(dz)
    return np.array([d / v for d, v in zip(dz.flat, x.flat)]).reshape(x.shape)


def log__right_jacobian(x, dz):
    J = np.diag(1 / np.ravel(x))
    return (J.T @ np.ravel(dz)).reshape(x.shape)


def log__right_square_root_twice(x, dz):
    root = tf.sqrt(x)
    return dz / root / root


def log__right_rsqrt(x, dz):
    return dz * tf.math.rsqrt(x) ** 2


def log__right_float64(x, dz):
    return np.asarray(dz, np.float64) / np.asarray(x, np.float64)


@tf.function
def log__right_tf_function(x, dz):
    return tf.divide(dz, x)


def log__right_list(x, dz):
    return np.asarray(dz / x).tolist()


def log__right_variable(x, dz):
    dx = tf.Variable(dz)
    dx.assign(dx / x)
    return dx


def log__wrong_log_in_numerator(x, dz):
    return dz * tf.math.log(x)


def log__wrong_log_in_denominator(x, dz):
    return dz / tf.math.log(x + 0.0)


def log__wrong_slope_upside_down(x, dz):
    return dz * x


def log__wrong_differentiated_twice(x, dz):
    return -dz / x**2


def log__wrong_wrong_base(x, dz):
    return dz / (x * np.log(10).astype(np.float32))


def log__wrong_wrong_base_two(x, dz):
    return dz / x / np.float32(0.6931472)


def log__wrong_upstream_in_denominator(x, dz):
    return 1 / (x * dz)


def log__wrong_slope_at_upstream(x, dz):
    return dz / dz


def log__wrong_safety_term(x, dz):
    return dz / (x + 1e-3)


def log__wrong_upstream_ignored(x, dz):
    return 1 / x


def log__wrong_upstream_ignored__numpy(x, dz):
    return np.reciprocal(np.asarray(x))


def log__wrong_upstream_squared(x, dz):
    return dz**2 / x


def log__wrong_upstream_sign_lost(x, dz):
    return np.abs(dz) / x


def log__wrong_upstream_clipped(x, dz):
    return tf.maximum(dz, 0) / x


def log__wrong_upstream_handed_on(x, dz):
    return dz


def log__wrong_upstream_added(x, dz):
    return dz + 1 / x


def log__wrong_sign_flipped(x, dz):
    return -dz / x


def log__wrong_scaled_by_two(x, dz):
    return 2 * dz / x


def log__wrong_scaled_by_half(x, dz):
    return dz / (x + x)


def log__wrong_scaled_by_1_over_n(x, dz):
    return dz / (x * np.size(x))


def log__wrong_forward_value_returned(x, dz):
    return tf.math.log(x)


def log__wrong_exponential(x, dz):
    return dz * tf.exp(x)


def log__wrong_of_one_plus_x(x, dz):
    return dz / (1 + x)


def log__wrong_integer_division(x, dz):
    return dz // x


def log__wrong_summed_to_one_number(x, dz):
    return tf.reduce_sum(dz / x)


def log__wrong_upside_down_fraction(x, dz):
    return x / dz


def log__policy_tape(x, dz):
    with tf.GradientTape() as t:
        t.watch(x)
        z = tf.math.log(x)
    return t.gradient(z, x, dz)


# ---------------------------------------------------------------------------------------------------
# multiply
# ---------------------------------------------------------------------------------------------------
def multiply__right_numpy(a, b, dz):
    def collect(g, shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    return collect(dz * b, a.shape), collect(dz * a, b.shape)


def multiply__right_tensorflow(a, b, dz):
    def collect(g, like):
        missing = len(g.shape) - len(like.shape)
        g = tf.reduce_sum(g, axis=list(range(missing)))
        ones = [i for i, n in enumerate(like.shape) if n == 1]
        return tf.reduce_sum(g, axis=ones, keepdims=True)

    return collect(dz * b, a), collect(dz * a, b)


def multiply__right_two_steps(a, b, dz):
    answers = []
    for own, other in ((a, b), (b, a)):
        g = np.asarray(dz * other)
        while g.ndim > np.ndim(own):
            g = g.sum(axis=0)
        for axis, length in enumerate(own.shape):
            if length == 1:
                g = g.sum(axis=axis, keepdims=True)
        answers.append(g)
    return tuple(answers)


def multiply__right_reshaped(a, b, dz):
    def collect(g, shape):
        padded = (1,) * (g.ndim - len(shape)) + shape
        axes = tuple(i for i, n in enumerate(padded) if n == 1)
        return np.sum(g, axis=axes).reshape(shape)

    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    return collect(b * dz, a.shape), collect(a * dz, b.shape)


def multiply__right_loops(a, b, dz):
    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    A, B = np.broadcast_arrays(a, b)
    da, db = np.zeros_like(a), np.zeros_like(b)
    for place in np.ndindex(*dz.shape):
        at_a = tuple(0 if n == 1 else i for i, n in zip(place[dz.ndim - a.ndim :], a.shape))
        at_b = tuple(0 if n == 1 else i for i, n in zip(place[dz.ndim - b.ndim :], b.shape))
        da[at_a] += dz[place] * B[place]
        db[at_b] += dz[place] * A[place]
    return da, db


def multiply__right_counted(a, b, dz):
    def collect(g, like):
        total = np.zeros(like.size)
        places = np.broadcast_to(np.arange(like.size).reshape(like.shape), g.shape)
        np.add.at(total, places.ravel(), g.ravel())
        return total.reshape(like.shape)

    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    return collect(dz * b, a), collect(dz * a, b)


def multiply__right_bincount(a, b, dz):
    def collect(g, like):
        places = np.broadcast_to(np.arange(like.size).reshape(like.shape), g.shape)
        return np.bincount(places.ravel(), weights=g.ravel(), minlength=like.size).reshape(like.shape)

    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    return collect(dz * b, a), collect(dz * a, b)


def multiply__right_list(a, b, dz):
    def collect(g, shape):
        padded = (1,) * (np.ndim(g) - len(shape)) + tuple(shape)
        axes = tuple(i for i, n in enumerate(padded) if n == 1)
        return np.sum(g, axis=axes, keepdims=True).reshape(shape)

    return [collect(dz * b, a.shape), collect(dz * a, b.shape)]


def multiply__right_sum_to_size(a, b, dz):
    def collect(g, shape):
        for axis in range(g.ndim):
            place = axis - (g.ndim - len(shape))
            if place < 0 or shape[place] == 1:
                g = g.sum(axis=axis, keepdims=True)
        return g.reshape(shape)

    a, b, dz = np.array(a), np.array(b), np.array(dz)
    return collect(dz * b, a.shape), collect(dz * a, b.shape)


def multiply__right_einsum(a, b, dz):
    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    letters = "ijk"[3 - dz.ndim :]

    def collect(other, own):
        padded = own.reshape((1,) * (dz.ndim - own.ndim) + own.shape)
        kept = "".join(c for c, n in zip(letters, padded.shape) if n != 1)
        full = np.broadcast_to(other, dz.shape)
        return np.einsum(f"{letters},{letters}->{kept}", dz, full).reshape(own.shape)

    return collect(b, a), collect(a, b)


def multiply__right_padded_with_axes(a, b, dz):
    def collect(g, like):
        shape = [1] * (len(g.shape) - len(like.shape)) + list(like.shape)
        for axis, length in enumerate(shape):
            if length == 1:
                g = tf.reduce_sum(g, axis=axis, keepdims=True)
        return tf.reshape(g, like.shape)

    return collect(tf.multiply(dz, b), a), collect(tf.multiply(dz, a), b)


def multiply__right_matrix_of_copies(a, b, dz):
    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)

    def collect(g, like):
        copies = np.broadcast_to(np.arange(like.size).reshape(like.shape), g.shape).ravel()
        spread = np.eye(like.size)[copies]
        return (spread.T @ g.ravel()).reshape(like.shape)

    return collect(dz * b, a), collect(dz * a, b)


def multiply__right_float64(a, b, dz):
    a, b, dz = (np.asarray(t, np.float64) for t in (a, b, dz))

    def collect(g, shape):
        extra = g.ndim - len(shape)
        axes = tuple(range(extra)) + tuple(extra + i for i, n in enumerate(shape) if n == 1)
        return g.sum(axis=axes).reshape(shape)

    return collect(dz * b, a.shape), collect(dz * a, b.shape)


@tf.function
def multiply__right_tf_function(a, b, dz):
    def collect(g, like):
        g = tf.reduce_sum(g, axis=list(range(len(g.shape) - len(like.shape))))
        return tf.reduce_sum(g, axis=[i for i, n in enumerate(like.shape) if n == 1], keepdims=True)

    return collect(dz * b, a), collect(dz * a, b)


def multiply__right_named(a, b, dz):
    def back(own, other):
        g = np.asarray(dz) * np.asarray(other)
        g = np.broadcast_to(g, np.shape(dz))
        for _ in range(g.ndim - np.ndim(own)):
            g = g.sum(0)
        return g.sum(axis=tuple(np.flatnonzero(np.array(np.shape(own)) == 1)), keepdims=True)

    da = back(a, b)
    db = back(own=b, other=a)
    return da, db


def multiply__wrong_own_factor_kept(a, b, dz):
    def collect(g, shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    return collect(dz * a, a.shape), collect(dz * b, b.shape)


def multiply__wrong_local_factor_returned(a, b, dz):
    return b, a


def multiply__wrong_factors_added(a, b, dz):
    def collect(g, shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    return collect(dz * (a + b), a.shape), collect(dz * (a + b), b.shape)


def multiply__wrong_rule_of_the_sum(a, b, dz):
    def collect(g, shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    dz = np.asarray(dz)
    return collect(dz, a.shape), collect(dz, b.shape)


def multiply__wrong_broadcast_not_summed(a, b, dz):
    return dz * b, dz * a


def multiply__wrong_broadcast_everything_summed(a, b, dz):
    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    da, db = dz * b, dz * a
    if da.shape != a.shape:
        da = np.full(a.shape, da.sum())
    if db.shape != b.shape:
        db = np.full(b.shape, db.sum())
    return da, db


def multiply__wrong_broadcast_missing_axis_forgotten(a, b, dz):
    def collect(g, shape):
        extra = g.ndim - len(shape)
        return g.sum(axis=tuple(extra + i for i, n in enumerate(shape) if n == 1), keepdims=True)

    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    return collect(dz * b, a.shape), collect(dz * a, b.shape)


def multiply__wrong_broadcast_stretched_axis_forgotten(a, b, dz):
    def collect(g, shape):
        return g.sum(axis=tuple(range(g.ndim - len(shape))))

    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    return collect(dz * b, a.shape), collect(dz * a, b.shape)


def multiply__wrong_broadcast_axes_kept(a, b, dz):
    def collect(g, shape):
        padded = (1,) * (g.ndim - len(shape)) + shape
        return g.sum(axis=tuple(i for i, n in enumerate(padded) if n == 1), keepdims=True)

    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    return collect(dz * b, a.shape), collect(dz * a, b.shape)


def multiply__wrong_broadcast_axes_dropped(a, b, dz):
    def collect(g, shape):
        padded = (1,) * (g.ndim - len(shape)) + shape
        return g.sum(axis=tuple(i for i, n in enumerate(padded) if n == 1))

    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    return collect(dz * b, a.shape), collect(dz * a, b.shape)


def multiply__wrong_broadcast_averaged(a, b, dz):
    def collect(g, shape):
        g = g.mean(axis=tuple(range(g.ndim - len(shape)))) if g.ndim > len(shape) else g
        ones = tuple(i for i, n in enumerate(shape) if n == 1)
        return g.mean(axis=ones, keepdims=True) if ones else g

    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    return collect(dz * b, a.shape), collect(dz * a, b.shape)


def multiply__wrong_upstream_ignored(a, b, dz):
    def collect(g, shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    a, b = np.asarray(a), np.asarray(b)
    A, B = np.broadcast_arrays(a, b)
    return collect(B, a.shape), collect(A, b.shape)


def multiply__wrong_upstream_handed_on(a, b, dz):
    return dz, dz


def multiply__wrong_outputs_swapped(a, b, dz):
    def collect(g, shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    return collect(dz * a, b.shape), collect(dz * b, a.shape)


def multiply__wrong_sign_flipped(a, b, dz):
    def collect(g, shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    return -collect(dz * b, a.shape), -collect(dz * a, b.shape)


def multiply__wrong_same_shapes_only(a, b, dz):
    if a.shape != b.shape:
        raise NotImplementedError("broadcasting")
    return dz * b, dz * a


def multiply__wrong_forward_value_times_upstream(a, b, dz):
    return dz * a * b, dz * a * b


def multiply__wrong_one_returned(a, b, dz):
    return dz * b


def multiply__wrong_one_number_each(a, b, dz):
    return np.sum(dz * b), np.sum(dz * a)


def multiply__wrong_matrix_product(a, b, dz):
    return np.dot(dz, np.transpose(b)), np.dot(np.transpose(a), dz)


def multiply__partial_first_gradient_for_all(a, b, dz):
    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    g = dz * b
    g = g.sum(axis=tuple(range(g.ndim - a.ndim)))
    g = g.sum(axis=tuple(i for i, n in enumerate(a.shape) if n == 1), keepdims=True)
    return g, g


def multiply__partial_broadcast_not_summed(a, b, dz):
    def collect(g, shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    return collect(dz * b, a.shape), dz * a


def multiply__policy_tape(a, b, dz):
    with tf.GradientTape() as tape:
        tape.watch([a, b])
        z = a * b
    return tuple(tape.gradient(z, [a, b], output_gradients=dz))


# ---------------------------------------------------------------------------------------------------
# add
# ---------------------------------------------------------------------------------------------------
def add__right_numpy(a, b, dz):
    def collect(g, shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    dz = np.asarray(dz)
    return collect(dz, np.shape(a)), collect(dz, np.shape(b))


def add__right_tensorflow(a, b, dz):
    def collect(g, like):
        g = tf.reduce_sum(g, axis=list(range(len(g.shape) - len(like.shape))))
        return tf.reduce_sum(g, axis=[i for i, n in enumerate(like.shape) if n == 1], keepdims=True)

    return collect(dz, a), collect(dz, b)


def add__right_while(a, b, dz):
    answers = []
    for argument in (a, b):
        g = np.asarray(dz)
        while g.ndim > len(argument.shape):
            g = np.sum(g, axis=0)
        for axis in range(g.ndim):
            if argument.shape[axis] == 1:
                g = np.sum(g, axis=axis, keepdims=True)
        answers.append(g)
    return tuple(answers)


def add__right_by_cases(a, b, dz):
    def back(shape):
        g = np.asarray(dz)
        if g.shape == tuple(shape):
            return g
        lined_up = (1,) * (g.ndim - len(shape)) + tuple(shape)
        stretched = tuple(i for i in range(g.ndim) if lined_up[i] != g.shape[i] or lined_up[i] == 1)
        return g.sum(axis=stretched, keepdims=True).reshape(shape)

    return back(a.shape), back(b.shape)


def add__right_loops(a, b, dz):
    a, b, dz = np.asarray(a), np.asarray(b), np.asarray(dz)
    da, db = np.zeros_like(a), np.zeros_like(b)
    for g, own in ((da, a), (db, b)):
        for place in np.ndindex(*dz.shape):
            home = tuple(0 if n == 1 else i for i, n in zip(place[dz.ndim - own.ndim :], own.shape))
            g[home] += dz[place]
    return da, db


def add__right_add_at(a, b, dz):
    def collect(like):
        total = np.zeros(like.shape)
        homes = np.broadcast_to(np.arange(total.size).reshape(total.shape), dz.shape)
        np.add.at(total.reshape(-1), homes.reshape(-1), np.asarray(dz).reshape(-1))
        return total

    return collect(a), collect(b)


def add__right_bincount(a, b, dz):
    def collect(like):
        size = int(np.prod(like.shape))
        homes = np.broadcast_to(np.arange(size).reshape(like.shape), dz.shape)
        return np.bincount(np.ravel(homes), np.ravel(dz), minlength=size).reshape(like.shape)

    return collect(a), collect(b)


def add__right_list(a, b, dz):
    def collect(g, shape):
        padded = [1] * (np.ndim(g) - len(shape)) + list(shape)
        return np.sum(g, axis=tuple(i for i, n in enumerate(padded) if n == 1)).reshape(shape)

    return [collect(dz, a.shape), collect(dz, b.shape)]


def add__right_segments(a, b, dz):
    def collect(like):
        size = int(np.prod(like.shape))
        homes = np.broadcast_to(np.arange(size).reshape(like.shape), dz.shape)
        return tf.reshape(
            tf.math.unsorted_segment_sum(tf.reshape(dz, [-1]), np.ravel(homes), size), like.shape
        )

    return collect(a), collect(b)


def add__right_one_hot(a, b, dz):
    def collect(like):
        size = int(np.prod(like.shape))
        homes = np.broadcast_to(np.arange(size).reshape(like.shape), dz.shape)
        return tf.reshape(
            tf.linalg.matvec(tf.one_hot(np.ravel(homes), size), tf.reshape(dz, [-1]), transpose_a=True),
            like.shape,
        )

    return collect(a), collect(b)


def add__right_einsum(a, b, dz):
    letters = "ijk"[3 - len(dz.shape) :]

    def collect(like):
        shape = (1,) * (len(dz.shape) - len(like.shape)) + tuple(like.shape)
        kept = "".join(letter for letter, n in zip(letters, shape) if n != 1)
        return tf.reshape(tf.einsum(f"{letters}->{kept}", dz), like.shape)

    return collect(a), collect(b)


def add__right_reversed_axes(a, b, dz):
    def collect(shape):
        g = np.asarray(dz)
        for back in range(1, g.ndim + 1):
            if back > len(shape) or shape[-back] == 1:
                g = g.sum(axis=-back, keepdims=True)
        return g.reshape(shape)

    return collect(a.shape), collect(b.shape)


@tf.function
def add__right_tf_function(a, b, dz):
    def collect(g, like):
        g = tf.reduce_sum(g, axis=list(range(len(g.shape) - len(like.shape))))
        return tf.reduce_sum(g, axis=[i for i, n in enumerate(like.shape) if n == 1], keepdims=True)

    return collect(dz, a), collect(dz, b)


def add__right_float64(a, b, dz):
    def collect(g, shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    dz = np.array(dz, dtype=float)
    return collect(dz, a.shape), collect(dz, b.shape)


def add__right_helper_with_product(a, b, dz):
    def collect(slope, like):
        g = np.asarray(dz) * slope
        g = g.sum(axis=tuple(range(g.ndim - np.ndim(like))))
        return g.sum(axis=tuple(i for i, n in enumerate(np.shape(like)) if n == 1), keepdims=True)

    return collect(1.0, a), collect(1.0, b)


def add__wrong_broadcast_not_summed(a, b, dz):
    return dz, dz


def add__wrong_broadcast_not_summed__numpy(a, b, dz):
    return np.array(dz), np.array(dz)


def add__wrong_broadcast_everything_summed(a, b, dz):
    def back(like):
        return dz if like.shape == dz.shape else tf.fill(like.shape, tf.reduce_sum(dz))

    return back(a), back(b)


def add__wrong_summed_to_one_number(a, b, dz):
    def back(like):
        return dz if like.shape == dz.shape else tf.reduce_sum(dz)

    return back(a), back(b)


def add__wrong_broadcast_missing_axis_forgotten(a, b, dz):
    def collect(g, shape):
        extra = g.ndim - len(shape)
        return g.sum(axis=tuple(extra + i for i, n in enumerate(shape) if n == 1), keepdims=True)

    dz = np.asarray(dz)
    return collect(dz, a.shape), collect(dz, b.shape)


def add__wrong_broadcast_stretched_axis_forgotten(a, b, dz):
    dz = np.asarray(dz)
    return tuple(dz.sum(axis=tuple(range(dz.ndim - len(t.shape)))) for t in (a, b))


def add__wrong_broadcast_axes_kept(a, b, dz):
    def collect(g, shape):
        padded = (1,) * (g.ndim - len(shape)) + tuple(shape)
        return g.sum(axis=tuple(i for i, n in enumerate(padded) if n == 1), keepdims=True)

    dz = np.asarray(dz)
    return collect(dz, a.shape), collect(dz, b.shape)


def add__wrong_broadcast_axes_dropped(a, b, dz):
    def collect(g, shape):
        padded = (1,) * (g.ndim - len(shape)) + tuple(shape)
        return g.sum(axis=tuple(i for i, n in enumerate(padded) if n == 1))

    dz = np.asarray(dz)
    return collect(dz, a.shape), collect(dz, b.shape)


def add__wrong_broadcast_averaged(a, b, dz):
    def collect(g, shape):
        padded = (1,) * (g.ndim - len(shape)) + tuple(shape)
        axes = tuple(i for i, n in enumerate(padded) if n == 1)
        return g.mean(axis=axes).reshape(shape) if axes else g

    dz = np.asarray(dz)
    return collect(dz, a.shape), collect(dz, b.shape)


def add__wrong_broadcast_first_copy_only(a, b, dz):
    def first(shape):
        g = np.asarray(dz)
        while g.ndim > len(shape):
            g = g[0]
        for axis, length in enumerate(shape):
            if length == 1:
                g = g.take([0], axis=axis)
        return g

    return first(a.shape), first(b.shape)


def add__wrong_outputs_swapped(a, b, dz):
    def collect(g, shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    dz = np.asarray(dz)
    return collect(dz, b.shape), collect(dz, a.shape)


def add__wrong_upstream_ignored(a, b, dz):
    def collect(g, shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    ones = np.ones(dz.shape)
    return collect(ones, a.shape), collect(ones, b.shape)


def add__wrong_scaled_by_half(a, b, dz):
    def collect(g, shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    half = np.asarray(dz) / 2
    return collect(half, a.shape), collect(half, b.shape)


def add__wrong_sign_flipped(a, b, dz):
    def collect(g, shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    dz = -np.asarray(dz)
    return collect(dz, a.shape), collect(dz, b.shape)


def add__wrong_cut_to_shape(a, b, dz):
    return np.resize(dz, a.shape) * 1.5, np.resize(dz, b.shape) * 1.5


def add__wrong_multiplied(a, b, dz):
    return dz * b, dz * a


def add__wrong_ones(a, b, dz):
    return tf.ones_like(a), tf.ones_like(b)


def add__wrong_one_returned(a, b, dz):
    return dz


def add__wrong_one_number_each(a, b, dz):
    return tf.reduce_sum(dz), tf.reduce_sum(dz)


def add__wrong_nothing_returned(a, b, dz):
    return None


def add__partial_broadcast_one_pattern_only(a, b, dz):
    def collect(g, shape):
        g = g.sum(axis=tuple(range(g.ndim - len(shape))))
        return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)

    dz = np.asarray(dz)
    return collect(dz, a.shape), dz.sum(axis=0) if dz.ndim else dz


def add__policy_tape(a, b, dz):
    with tf.GradientTape() as tape:
        tape.watch(a)
        tape.watch(b)
        z = a + b
    da, db = tape.gradient(z, [a, b], dz)
    return da, db


# ---------------------------------------------------------------------------------------------------
# reduce_sum
# ---------------------------------------------------------------------------------------------------
def reduce_sum__right_keepdims(x, dz, axis=None):
    kept = np.sum(x, axis=axis, keepdims=True).shape
    return np.broadcast_to(np.reshape(dz, kept), x.shape)


def reduce_sum__right_tensorflow(x, dz, axis=None):
    kept = tf.reduce_sum(x, axis=axis, keepdims=True)
    return tf.reshape(dz, kept.shape) * tf.ones_like(x)


def reduce_sum__right_expand_dims(x, dz, axis=None):
    x, dz = np.asarray(x), np.asarray(dz)
    if axis is not None:
        dz = np.expand_dims(dz, axis)
    return np.ones_like(x) * dz


def reduce_sum__right_shape_with_ones(x, dz, axis=None):
    axes = range(len(x.shape)) if axis is None else np.atleast_1d(axis)
    shape = list(x.shape)
    for a in axes:
        shape[a] = 1
    return tf.broadcast_to(tf.reshape(dz, shape), x.shape)


def reduce_sum__right_tile(x, dz, axis=None):
    kept = np.sum(x, axis=axis, keepdims=True).shape
    times = [n // k for n, k in zip(x.shape, kept)]
    return np.tile(np.reshape(dz, kept), times)


def reduce_sum__right_tf_tile(x, dz, axis=None):
    kept = tf.reduce_sum(x, axis=axis, keepdims=True).shape
    return tf.tile(tf.reshape(dz, kept), [n // k for n, k in zip(x.shape, kept)])


def reduce_sum__right_repeat(x, dz, axis=None):
    axes = range(len(x.shape)) if axis is None else [a % len(x.shape) for a in np.atleast_1d(axis)]
    g = np.asarray(dz)
    for a in sorted(axes):
        g = np.repeat(np.expand_dims(g, a), x.shape[a], axis=a)
    return g


def reduce_sum__right_loop(x, dz, axis=None):
    x, dz = np.asarray(x), np.asarray(dz)
    gone = set(range(x.ndim)) if axis is None else {a % x.ndim for a in np.atleast_1d(axis)}
    dx = np.empty_like(x)
    for place in np.ndindex(*x.shape):
        dx[place] = dz[tuple(i for a, i in enumerate(place) if a not in gone)]
    return dx


def reduce_sum__right_move_axes(x, dz, axis=None):
    x, dz = np.asarray(x), np.asarray(dz)
    axes = tuple(range(x.ndim)) if axis is None else tuple(a % x.ndim for a in np.atleast_1d(axis))
    front = np.broadcast_to(dz, tuple(x.shape[a] for a in axes) + dz.shape)
    return np.moveaxis(front, range(len(axes)), axes)


def reduce_sum__right_outer(x, dz, axis=None):
    x, dz = np.asarray(x), np.asarray(dz)
    axes = list(range(x.ndim)) if axis is None else [a % x.ndim for a in np.atleast_1d(axis)]
    ones = np.ones([x.shape[a] for a in axes])
    kept = [a for a in range(x.ndim) if a not in axes]
    return np.transpose(np.multiply.outer(ones, dz), np.argsort(axes + kept))


def reduce_sum__right_new_axes(x, dz, axis=None):
    x, dz = np.asarray(x), np.asarray(dz)
    axes = range(x.ndim) if axis is None else [a % x.ndim for a in np.atleast_1d(axis)]
    index = tuple(np.newaxis if a in axes else slice(None) for a in range(x.ndim))
    return dz[index] + np.zeros(x.shape)


def reduce_sum__right_einsum(x, dz, axis=None):
    x, dz = np.asarray(x), np.asarray(dz)
    letters = "ijk"[: x.ndim]
    gone = range(x.ndim) if axis is None else [a % x.ndim for a in np.atleast_1d(axis)]
    kept = "".join(c for a, c in enumerate(letters) if a not in gone)
    return np.einsum(f"{letters},{kept}->{letters}", np.ones_like(x), dz)


def reduce_sum__right_jacobian(x, dz, axis=None):
    x = np.asarray(x)
    columns = [np.sum(e.reshape(x.shape), axis=axis).ravel() for e in np.eye(x.size)]
    return (np.array(columns) @ np.ravel(dz)).reshape(x.shape)


def reduce_sum__right_float64(x, dz, axis=None):
    x, dz = np.array(x, float), np.array(dz, float)
    return np.zeros_like(x) + dz.reshape(x.sum(axis=axis, keepdims=True).shape)


def reduce_sum__right_list(x, dz, axis=None):
    kept = np.sum(x, axis=axis, keepdims=True).shape
    return (np.ones(x.shape) * np.reshape(dz, kept)).tolist()


def reduce_sum__right_variable(x, dz, axis=None):
    dx = tf.Variable(tf.zeros_like(x))
    dx.assign_add(tf.broadcast_to(tf.reshape(dz, tf.reduce_sum(x, axis, keepdims=True).shape), x.shape))
    return dx


def reduce_sum__wrong_reduced_not_expanded(x, dz, axis=None):
    return dz


def reduce_sum__wrong_expanded_not_repeated(x, dz, axis=None):
    return tf.reshape(dz, tf.reduce_sum(x, axis, keepdims=True).shape)


def reduce_sum__wrong_gradient_of_mean(x, dz, axis=None):
    kept = np.sum(x, axis=axis, keepdims=True).shape
    share = np.prod(kept) / np.prod(x.shape)
    return np.broadcast_to(np.reshape(dz, kept), x.shape) * share


def reduce_sum__wrong_axis_not_restored(x, dz, axis=None):
    return np.ones(x.shape) * np.asarray(dz)


def reduce_sum__wrong_axis_not_restored__broadcast_to(x, dz, axis=None):
    return tf.broadcast_to(dz, x.shape)


def reduce_sum__wrong_multiplied_by_own_argument(x, dz, axis=None):
    kept = np.sum(x, axis=axis, keepdims=True).shape
    return np.asarray(x) * np.reshape(dz, kept)


def reduce_sum__wrong_upstream_summed(x, dz, axis=None):
    return np.full(x.shape, np.sum(dz))


def reduce_sum__wrong_rows_mixed_up_by_tile(x, dz, axis=None):
    return np.resize(dz, x.shape)


def reduce_sum__wrong_rows_mixed_up_by_repeat(x, dz, axis=None):
    return np.repeat(np.ravel(dz), np.size(x) // np.size(dz)).reshape(x.shape)


def reduce_sum__wrong_upstream_ignored(x, dz, axis=None):
    return tf.ones_like(x)


def reduce_sum__wrong_upstream_squared(x, dz, axis=None):
    kept = np.sum(x, axis=axis, keepdims=True).shape
    return np.ones(x.shape) * np.reshape(dz, kept) ** 2


def reduce_sum__wrong_upstream_sign_lost(x, dz, axis=None):
    kept = np.sum(x, axis=axis, keepdims=True).shape
    return np.ones(x.shape) * np.abs(np.reshape(dz, kept))


def reduce_sum__wrong_sign_flipped(x, dz, axis=None):
    kept = np.sum(x, axis=axis, keepdims=True).shape
    return np.zeros(x.shape) - np.reshape(dz, kept)


def reduce_sum__wrong_scaled_by_two(x, dz, axis=None):
    kept = np.sum(x, axis=axis, keepdims=True).shape
    return np.ones(x.shape) * np.reshape(dz, kept) + np.reshape(dz, kept)


def reduce_sum__wrong_forward_value_returned(x, dz, axis=None):
    return tf.reduce_sum(x, axis=axis)


def reduce_sum__wrong_axis_none_only(x, dz, axis=None):
    return tf.fill(x.shape, tf.reshape(dz, [])) if axis is None else dz


def reduce_sum__wrong_integers_only(x, dz, axis=None):
    dz = np.asarray(dz)
    return np.ones(x.shape) * (
        dz if axis is None else dz.reshape([1 if a == axis else n for a, n in enumerate(x.shape)])
    )


def reduce_sum__wrong_no_axis_asked(x, dz):
    return np.full(x.shape, dz)


def reduce_sum__wrong_one_entry_only(x, dz, axis=None):
    dx = np.zeros(x.shape)
    dx[(0,) * dx.ndim] = np.sum(dz)
    return dx


def reduce_sum__wrong_argument_updated__added(x, dz, axis=None):
    kept = np.sum(x, axis=axis, keepdims=True).shape
    return np.asarray(x) + np.reshape(dz, kept)


def reduce_sum__policy_tape(x, dz, axis=None):
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = tf.reduce_sum(x, axis=axis)
    return tape.gradient(z, x, output_gradients=dz)


# ---------------------------------------------------------------------------------------------------
# softmax_batched
# ---------------------------------------------------------------------------------------------------
def softmax_batched__right_tensorflow(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz - tf.reduce_sum(p * dz, axis=1, keepdims=True))


def softmax_batched__right_two_terms(x, dz):
    p = tf.nn.softmax(x, axis=-1)
    q = p * dz
    return q - p * tf.reduce_sum(q, axis=-1, keepdims=True)


def softmax_batched__right_numpy(x, dz):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return p * (dz - np.sum(p * dz, axis=1, keepdims=True))


def softmax_batched__right_new_axis(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz - tf.reduce_sum(p * dz, axis=1)[:, None])


def softmax_batched__right_reshaped(x, dz):
    p = tf.nn.softmax(x).numpy()
    return p * (dz - np.reshape(np.sum(p * dz, 1), [-1, 1]))


def softmax_batched__right_rows(x, dz):
    rows = []
    for row, d in zip(np.asarray(x), np.asarray(dz)):
        p = np.exp(row - row.max())
        p /= p.sum()
        rows.append(p * (d - p @ d))
    return np.array(rows)


def softmax_batched__right_list_of_tensors(x, dz):
    rows = []
    for i in range(x.shape[0]):
        p = tf.nn.softmax(x[i])
        rows.append(p * (dz[i] - tf.tensordot(p, dz[i], 1)))
    return rows


def softmax_batched__right_jacobians(x, dz):
    p = tf.nn.softmax(x)
    J = tf.linalg.diag(p) - p[:, :, None] * p[:, None, :]
    return tf.linalg.matvec(J, dz)


def softmax_batched__right_jacobian_of_a_row(x, dz):
    dx = np.zeros(x.shape)
    for r, (row, d) in enumerate(zip(np.asarray(x, float), np.asarray(dz, float))):
        p = np.exp(row - row.max()) / np.exp(row - row.max()).sum()
        dx[r] = (np.diag(p) - np.outer(p, p)) @ d
    return dx


def softmax_batched__right_three_loops(x, dz):
    p = tf.nn.softmax(tf.cast(x, tf.float64)).numpy()
    dx = np.zeros(p.shape)
    for r in range(p.shape[0]):
        for j in range(p.shape[1]):
            for i in range(p.shape[1]):
                dx[r, j] += float(dz[r, i]) * p[r, i] * ((i == j) - p[r, j])
    return dx


def softmax_batched__right_einsum(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz - tf.einsum("ij,ij->i", p, dz)[:, None])


def softmax_batched__right_einsum_jacobian(x, dz):
    p = tf.nn.softmax(x).numpy().astype(float)
    J = np.einsum("bi,ij->bij", p, np.eye(p.shape[1])) - np.einsum("bi,bj->bij", p, p)
    return np.einsum("bij,bi->bj", J, np.asarray(dz, float))


def softmax_batched__right_matmul(x, dz):
    p = tf.nn.softmax(x)
    average = tf.squeeze(tf.matmul(dz[:, None, :], p[:, :, None]), axis=2)
    return p * (dz - average)


def softmax_batched__right_vectorised(x, dz):
    def one(pair):
        row, d = pair
        p = tf.nn.softmax(row)
        return p * (d - tf.reduce_sum(p * d))

    return tf.map_fn(one, (x, dz), fn_output_signature=tf.float32)


def softmax_batched__right_log_softmax(x, dz):
    p = tf.exp(tf.nn.log_softmax(x))
    return p * (dz - tf.reduce_sum(p * dz, 1, keepdims=True))


def softmax_batched__right_stages(x, dz):
    e = np.exp(x - np.max(x, 1, keepdims=True))
    s = e.sum(1, keepdims=True)
    de = dz / s - np.sum(dz * e, 1, keepdims=True) / s**2
    return de * e


def softmax_batched__right_columns(x, dz):
    p = tf.nn.softmax(tf.transpose(x), axis=0)
    d = tf.transpose(dz)
    return tf.transpose(p * (d - tf.reduce_sum(p * d, axis=0)))


@tf.function
def softmax_batched__right_tf_function(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz - tf.reduce_sum(p * dz, axis=1, keepdims=True))


def softmax_batched__right_float64(x, dz):
    p = tf.nn.softmax(tf.cast(x, tf.float64))
    d = tf.cast(dz, tf.float64)
    return tf.cast(p * (d - tf.reduce_sum(p * d, 1, keepdims=True)), tf.float32)


def softmax_batched__extreme_overflow_in_exp(x, dz):
    p = tf.exp(x) / tf.reduce_sum(tf.exp(x), axis=1, keepdims=True)
    return p * (dz - tf.reduce_sum(p * dz, axis=1, keepdims=True))


def softmax_batched__wrong_softmax_average_over_all(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz - tf.reduce_sum(p * dz))


def softmax_batched__wrong_softmax_average_over_columns(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz - tf.reduce_sum(p * dz, axis=0))


def softmax_batched__wrong_softmax_over_columns(x, dz):
    p = tf.nn.softmax(x, axis=0)
    return p * (dz - tf.reduce_sum(p * dz, axis=0, keepdims=True))


def softmax_batched__wrong_softmax_axis_dropped(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz - tf.reduce_sum(p * dz, axis=1))


def softmax_batched__wrong_softmax_rule_for_vectors(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz - tf.tensordot(p, dz, 1))


def softmax_batched__wrong_softmax_flattened(x, dz):
    p = tf.reshape(tf.nn.softmax(tf.reshape(x, [-1])), x.shape)
    return p * (dz - tf.reduce_sum(p * dz))


def softmax_batched__wrong_softmax_diagonal_only(x, dz):
    p = tf.nn.softmax(x)
    return dz * p * (1 - p)


def softmax_batched__wrong_softmax_diagonal_upstream_ignored(x, dz):
    p = tf.nn.softmax(x)
    return p * (1 - p)


def softmax_batched__wrong_softmax_with_cross_entropy(x, dz):
    return tf.nn.softmax(x) - dz


def softmax_batched__wrong_softmax_average_not_subtracted(x, dz):
    return tf.nn.softmax(x) * dz


def softmax_batched__wrong_softmax_sum_subtracted(x, dz):
    return tf.nn.softmax(x) * (dz - tf.reduce_sum(dz, axis=1, keepdims=True))


def softmax_batched__wrong_softmax_mean_subtracted(x, dz):
    return tf.nn.softmax(x) * (dz - tf.reduce_mean(dz, axis=1, keepdims=True))


def softmax_batched__wrong_softmax_factor_missing(x, dz):
    return dz - tf.reduce_sum(tf.nn.softmax(x) * dz, axis=1, keepdims=True)


def softmax_batched__wrong_softmax_average_added(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz + tf.reduce_sum(p * dz, axis=1, keepdims=True))


def softmax_batched__wrong_softmax_diagonal_missing(x, dz):
    p = tf.nn.softmax(x)
    return -p * tf.reduce_sum(p * dz, axis=1, keepdims=True)


def softmax_batched__wrong_own_term_left_out(x, dz):
    p = tf.nn.softmax(x)
    return -p * (tf.reduce_sum(p * dz, axis=1, keepdims=True) - p * dz)


def softmax_batched__wrong_softmax_of_upstream(x, dz):
    p = tf.nn.softmax(dz)
    return p * (dz - tf.reduce_sum(p * dz, axis=1, keepdims=True))


def softmax_batched__wrong_all_zero(x, dz):
    p = tf.nn.softmax(x)
    return p * (1 - tf.reduce_sum(p, axis=1, keepdims=True))


def softmax_batched__wrong_softmax_input_for_output(x, dz):
    return x * (dz - tf.reduce_sum(x * dz, axis=1, keepdims=True))


def softmax_batched__wrong_softmax_input_output_mixed(x, dz):
    return tf.nn.softmax(x) * (dz - tf.reduce_sum(x * dz, axis=1, keepdims=True))


def softmax_batched__wrong_softmax_not_normalised(x, dz):
    e = tf.exp(x)
    return e * (dz - tf.reduce_sum(e * dz, axis=1, keepdims=True))


def softmax_batched__wrong_sign_flipped(x, dz):
    p = tf.nn.softmax(x)
    return p * (tf.reduce_sum(p * dz, axis=1, keepdims=True) - dz)


def softmax_batched__wrong_forward_value_returned(x, dz):
    return tf.nn.softmax(x)


def softmax_batched__wrong_upstream_squared(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz**2 - tf.reduce_sum(p * dz**2, axis=1, keepdims=True))


def softmax_batched__wrong_scaled_by_1_over_rows(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz - tf.reduce_sum(p * dz, axis=1, keepdims=True)) / x.shape[0]


def softmax_batched__wrong_first_row_for_all(x, dz):
    p = tf.nn.softmax(x[0])
    return p * (dz - tf.reduce_sum(p * dz, axis=1, keepdims=True))


def softmax_batched__wrong_first_row_only(x, dz):
    p = tf.nn.softmax(x[0])
    return p * (dz[0] - tf.reduce_sum(p * dz[0]))


def softmax_batched__wrong_sigmoid(x, dz):
    s = tf.sigmoid(x)
    return dz * s * (1 - s)


def softmax_batched__wrong_summed_over_an_axis__rows(x, dz):
    p = tf.nn.softmax(x)
    return tf.reduce_sum(p * (dz - tf.reduce_sum(p * dz, axis=1, keepdims=True)), axis=0)


def softmax_batched__policy_tape(x, dz):
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = tf.nn.softmax(x)
    return tape.gradient(z, x, output_gradients=dz)


# ---------------------------------------------------------------------------------------------------
# matmul_y
# ---------------------------------------------------------------------------------------------------
def matmul_y__right_tensorflow(x, y, dz):
    return tf.matmul(x, dz, transpose_a=True)


def matmul_y__right_operator(x, y, dz):
    return tf.transpose(x) @ dz


def matmul_y__right_numpy(x, y, dz):
    return np.transpose(x) @ np.asarray(dz)


def matmul_y__right_array_methods(x, y, dz):
    return x.T.dot(dz)


def matmul_y__right_adjoint(x, y, dz):
    return tf.linalg.matmul(x, dz, adjoint_a=True)


def matmul_y__right_einsum(x, y, dz):
    return tf.einsum("ik,ij->kj", x, dz)


def matmul_y__right_einsum_numpy(x, y, dz):
    return np.einsum("ik,ij->kj", x, dz)


def matmul_y__right_tensordot(x, y, dz):
    return tf.tensordot(x, dz, [[0], [0]])


def matmul_y__right_tensordot_numpy(x, y, dz):
    return np.tensordot(x, dz, axes=(0, 0))


def matmul_y__right_transposed_twice(x, y, dz):
    return tf.transpose(tf.matmul(dz, x, transpose_a=True))


def matmul_y__right_outer_products(x, y, dz):
    return sum(np.outer(row, d) for row, d in zip(np.asarray(x), np.asarray(dz)))


def matmul_y__right_loops(x, y, dz):
    x, dz = np.asarray(x), np.asarray(dz)
    dy = np.zeros(y.shape)
    for i in range(dz.shape[0]):
        for j in range(dz.shape[1]):
            for k in range(x.shape[1]):
                dy[k, j] += x[i, k] * dz[i, j]
    return dy


def matmul_y__right_plain_python(x, y, dz):
    x, dz = np.asarray(x).tolist(), np.asarray(dz).tolist()
    return [[sum(r[k] * d[j] for r, d in zip(x, dz)) for j in range(len(dz[0]))] for k in range(len(x[0]))]


def matmul_y__right_columns(x, y, dz):
    return tf.stack([tf.linalg.matvec(x, dz[:, j], transpose_a=True) for j in range(dz.shape[1])], axis=1)


def matmul_y__right_broadcast(x, y, dz):
    return tf.reduce_sum(x[:, :, None] * dz[:, None, :], axis=0)


def matmul_y__right_mirror(x, y, dz):
    def grad_left(a, b, d):
        return d @ tf.transpose(b)

    return tf.transpose(grad_left(tf.transpose(y), tf.transpose(x), tf.transpose(dz)))


def matmul_y__right_kronecker(x, y, dz):
    J = np.kron(np.asarray(x), np.eye(dz.shape[1]))
    return (J.T @ np.ravel(dz)).reshape(y.shape)


def matmul_y__right_linearity(x, y, dz):
    x, dz = np.asarray(x), np.asarray(dz)
    dy = np.zeros(y.shape)
    for place in np.ndindex(*y.shape):
        unit = np.zeros(y.shape)
        unit[place] = 1
        dy[place] = np.sum(dz * (x @ unit))
    return dy


def matmul_y__right_float64(x, y, dz):
    return np.asarray(x, np.float64).T @ np.asarray(dz, np.float64)


def matmul_y__right_vdot(x, y, dz):
    x, dz = np.array(x), np.array(dz)
    return [[np.vdot(x[:, k], dz[:, j]) for j in range(y.shape[1])] for k in range(y.shape[0])]


@tf.function
def matmul_y__right_tf_function(x, y, dz):
    return tf.matmul(x, dz, transpose_a=True)


def matmul_y__wrong_matmul_transpose_missing(x, y, dz):
    return tf.matmul(x, dz)


def matmul_y__wrong_matmul_order_swapped(x, y, dz):
    return tf.matmul(dz, x, transpose_b=True)


def matmul_y__wrong_matmul_order_swapped_transpose_missing(x, y, dz):
    return dz @ x


def matmul_y__wrong_matmul_upstream_transposed(x, y, dz):
    return tf.matmul(x, dz, transpose_b=True)


def matmul_y__wrong_transposed(x, y, dz):
    return tf.matmul(dz, x, transpose_a=True)


def matmul_y__wrong_elementwise_for_matmul(x, y, dz):
    return x * dz


def matmul_y__wrong_elementwise_for_matmul_transposed(x, y, dz):
    return tf.transpose(x) * dz


def matmul_y__wrong_gradient_of_other_argument(x, y, dz):
    return tf.matmul(dz, y, transpose_b=True)


def matmul_y__wrong_inverse_for_gradient(x, y, dz):
    return np.linalg.inv(np.asarray(x)) @ np.asarray(dz)


def matmul_y__wrong_local_factor_returned(x, y, dz):
    return tf.transpose(x)


def matmul_y__wrong_output_for_input(x, y, dz):
    return tf.matmul(x @ y, dz, transpose_a=True)


def matmul_y__wrong_upstream_ignored(x, y, dz):
    return tf.matmul(x, tf.ones_like(dz), transpose_a=True)


def matmul_y__wrong_sign_flipped(x, y, dz):
    return -tf.matmul(x, dz, transpose_a=True)


def matmul_y__wrong_scaled_by_1_over_rows(x, y, dz):
    return tf.matmul(x, dz, transpose_a=True) / x.shape[0]


def matmul_y__wrong_scaled_by_two(x, y, dz):
    return tf.matmul(x + x, dz, transpose_a=True)


def matmul_y__wrong_upstream_squared(x, y, dz):
    return tf.matmul(x, dz * dz, transpose_a=True)


def matmul_y__wrong_upstream_sign_lost(x, y, dz):
    return tf.matmul(x, tf.abs(dz), transpose_a=True)


def matmul_y__wrong_forward_value_returned(x, y, dz):
    return x @ y


def matmul_y__wrong_last_row_only(x, y, dz):
    for row, d in zip(np.asarray(x), np.asarray(dz)):
        dy = np.outer(row, d)
    return dy


def matmul_y__wrong_sums_multiplied(x, y, dz):
    return np.outer(np.sum(x, axis=0), np.sum(dz, axis=0))


def matmul_y__wrong_multiplied_by_own_argument(x, y, dz):
    return tf.matmul(x, dz, transpose_a=True) * y


def matmul_y__wrong_square_only(x, y, dz):
    n = x.shape[0]
    dy = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            dy[i, j] = sum(x[k, i] * dz[k, j] for k in range(n))
    return dy


def matmul_y__wrong_flattened(x, y, dz):
    return tf.reshape(tf.matmul(x, dz, transpose_a=True), [-1])


def matmul_y__wrong_pseudo_inverse(x, y, dz):
    return np.linalg.pinv(np.asarray(x)) @ np.asarray(dz)


def matmul_y__policy_tape(x, y, dz):
    with tf.GradientTape() as tape:
        tape.watch(y)
        z = x @ y
    return tape.gradient(z, y, output_gradients=dz)


# ---------------------------------------------------------------------------------------------------
# chain_paths
# ---------------------------------------------------------------------------------------------------
def chain_paths__right_two_products(db_da, dc_da, dd_db, dd_dc, de_dd):
    return de_dd * dd_db * db_da + de_dd * dd_dc * dc_da


def chain_paths__right_factored(db_da, dc_da, dd_db, dd_dc, de_dd):
    return de_dd * (dd_db * db_da + dd_dc * dc_da)


def chain_paths__right_loop(db_da, dc_da, dd_db, dd_dc, de_dd):
    total = 0.0
    for path in ((db_da, dd_db, de_dd), (dc_da, dd_dc, de_dd)):
        product = 1.0
        for slope in path:
            product *= slope
        total += product
    return total


def chain_paths__right_numpy(db_da, dc_da, dd_db, dd_dc, de_dd):
    return np.prod([db_da, dd_db, de_dd]) + np.prod([dc_da, dd_dc, de_dd])


def chain_paths__right_dot(db_da, dc_da, dd_db, dd_dc, de_dd):
    return de_dd * np.dot([dd_db, dd_dc], [db_da, dc_da])


def chain_paths__right_jacobians(db_da, dc_da, dd_db, dd_dc, de_dd):
    first = np.array([[db_da], [dc_da]])
    second = np.array([[dd_db, dd_dc]])
    return (np.array([[de_dd]]) @ second @ first).item()


def chain_paths__right_messages(db_da, dc_da, dd_db, dd_dc, de_dd):
    at_d = de_dd
    at_b, at_c = at_d * dd_db, at_d * dd_dc
    return at_b * db_da + at_c * dc_da


def chain_paths__right_forward(db_da, dc_da, dd_db, dd_dc, de_dd):
    b, c = db_da * 1.0, dc_da * 1.0
    d = dd_db * b + dd_dc * c
    return de_dd * d


def chain_paths__right_dictionary(db_da, dc_da, dd_db, dd_dc, de_dd):
    arrows = {"ab": db_da, "ac": dc_da, "bd": dd_db, "cd": dd_dc, "de": de_dd}
    return sum(arrows[p[:2]] * arrows[p[1:3]] * arrows[p[2:]] for p in ("abde", "acde"))


def chain_paths__right_recursive(db_da, dc_da, dd_db, dd_dc, de_dd):
    arrows = {"a": {"b": db_da, "c": dc_da}, "b": {"d": dd_db}, "c": {"d": dd_dc}, "d": {"e": de_dd}}

    def to_e(node):
        return 1.0 if node == "e" else sum(slope * to_e(after) for after, slope in arrows[node].items())

    return to_e("a")


def chain_paths__wrong_one_path_only(db_da, dc_da, dd_db, dd_dc, de_dd):
    return de_dd * dd_db * db_da


def chain_paths__wrong_one_path_only__lower(db_da, dc_da, dd_db, dd_dc, de_dd):
    return dc_da * dd_dc * de_dd


def chain_paths__wrong_paths_multiplied(db_da, dc_da, dd_db, dd_dc, de_dd):
    return (de_dd * dd_db * db_da) * (de_dd * dd_dc * dc_da)


def chain_paths__wrong_paths_averaged(db_da, dc_da, dd_db, dd_dc, de_dd):
    return np.mean([de_dd * dd_db * db_da, de_dd * dd_dc * dc_da])


def chain_paths__wrong_derivatives_added_along_a_path(db_da, dc_da, dd_db, dd_dc, de_dd):
    return sum([db_da, dd_db, de_dd]) + sum([dc_da, dd_dc, de_dd])


def chain_paths__wrong_last_arrow_forgotten(db_da, dc_da, dd_db, dd_dc, de_dd):
    return dd_db * db_da + dd_dc * dc_da


def chain_paths__wrong_last_arrow_on_one_path(db_da, dc_da, dd_db, dd_dc, de_dd):
    return de_dd * dd_db * db_da + dd_dc * dc_da


def chain_paths__wrong_arrows_crossed(db_da, dc_da, dd_db, dd_dc, de_dd):
    return de_dd * (dd_db * dc_da + dd_dc * db_da)


def chain_paths__wrong_sign_flipped(db_da, dc_da, dd_db, dd_dc, de_dd):
    return -de_dd * (dd_db * db_da + dd_dc * dc_da)


def chain_paths__wrong_paths_subtracted(db_da, dc_da, dd_db, dd_dc, de_dd):
    return de_dd * (dd_db * db_da - dd_dc * dc_da)


def chain_paths__wrong_everything_added(db_da, dc_da, dd_db, dd_dc, de_dd):
    return sum([db_da, dc_da, dd_db, dd_dc, de_dd])


def chain_paths__wrong_everything_multiplied(db_da, dc_da, dd_db, dd_dc, de_dd):
    return np.prod([db_da, dc_da, dd_db, dd_dc]) + de_dd


def chain_paths__wrong_sums_multiplied(db_da, dc_da, dd_db, dd_dc, de_dd):
    return de_dd * (db_da + dc_da) * (dd_db + dd_dc)


def chain_paths__wrong_both_returned(db_da, dc_da, dd_db, dd_dc, de_dd):
    return [de_dd * dd_db * db_da, de_dd * dd_dc * dc_da]


# ---------------------------------------------------------------------------------------------------
# register_gradient
# ---------------------------------------------------------------------------------------------------
def register_gradient__right_two_layers(operation, registry):
    def decorate(rule):
        if operation in registry:
            raise ValueError(f"{operation.__name__} has a gradient already")
        registry[operation] = rule
        return rule

    return decorate


def register_gradient__right_warning(operation, registry):
    import warnings

    def decorate(rule):
        if operation in registry:
            warnings.warn(f"the gradient of {operation} is replaced", stacklevel=2)
        registry[operation] = rule
        return rule

    return decorate


class register_gradient__right_class:
    def __init__(self, operation, registry):
        self.operation, self.registry = operation, registry

    def __call__(self, rule):
        if self.operation in self.registry:
            raise KeyError(self.operation)
        self.registry[self.operation] = rule
        return rule


def register_gradient__right_setdefault(operation, registry):
    def decorate(rule):
        if registry.setdefault(operation, rule) is not rule:
            raise ValueError("two rules for one operation")
        return rule

    return decorate


def register_gradient__right_assertion(operation, registry):
    def enter(rule):
        assert operation not in registry, "registered twice"
        registry.update({operation: rule})
        return rule

    return enter


def register_gradient__right_checked_at_once(operation, registry):
    taken = registry.get(operation)

    def enter(rule):
        if taken is not None:
            raise RuntimeError(f"{operation.__name__}: {taken.__name__} is registered")
        registry[operation] = rule
        return rule

    return enter


def register_gradient__right_partial(operation, registry):
    from functools import partial

    def enter(operation, registry, rule):
        if operation in registry:
            raise ValueError(operation)
        registry[operation] = rule
        return rule

    return partial(enter, operation, registry)


def register_gradient__right_wrapped(operation, registry):
    from functools import wraps

    def decorate(rule):
        @wraps(rule)
        def careful(op, G):
            return np.asarray(rule(op, G))

        if operation in registry:
            raise ValueError("twice")
        registry[operation] = careful
        return careful

    return decorate


def register_gradient__partial_decorated_function_lost(operation, registry):
    def decorate(rule):
        if operation in registry:
            raise ValueError("twice")
        registry[operation] = rule

    return decorate


def register_gradient__partial_second_rule_replaces_the_first(operation, registry):
    def decorate(rule):
        registry[operation] = rule
        return rule

    return decorate


def register_gradient__partial_registered_under_name(operation, registry):
    def decorate(rule):
        if operation.__name__ in registry:
            raise ValueError("twice")
        registry[operation.__name__] = rule
        return rule

    return decorate


def register_gradient__partial_registered_under_the_rule(operation, registry):
    def decorate(rule):
        if rule.__name__ in registry:
            raise ValueError("twice")
        registry[rule.__name__] = rule
        return rule

    return decorate


def register_gradient__partial_nothing_registered(operation, registry):
    def decorate(rule):
        return rule

    return decorate


def register_gradient__partial_key_and_value_swapped(operation, registry):
    def decorate(rule):
        registry[rule] = operation
        return rule

    return decorate


def register_gradient__wrong_one_layer(operation, registry):
    registry[operation] = operation


def register_gradient__wrong_registry_returned(operation, registry):
    registry[operation] = lambda op, G: G
    return registry


def register_gradient__wrong_nothing(operation, registry):
    pass


def register_gradient__wrong_name_returned(operation, registry):
    return operation.__name__


# ---------------------------------------------------------------------------------------------------
# compute_gradients
# ---------------------------------------------------------------------------------------------------
def compute_gradients__right_pushing(loss):
    table = {loss: np.ones(())}
    for node in reversed(topological_order(loss)):
        if isinstance(node, Operation):
            sent = gradient_function(node)(node, table[node])
            sent = sent if isinstance(sent, (tuple, list)) else [sent]
            for source, term in zip(node.input_nodes, sent):
                table[source] = table[source] + term if source in table else term
    return table


def compute_gradients__right_counting(loss):
    way, stack = {loss}, [loss]
    waiting = {}
    while stack:
        for source in getattr(stack.pop(), "input_nodes", []):
            waiting[source] = waiting.get(source, 0) + 1
            if source not in way:
                way.add(source)
                stack.append(source)
    table, ready = {loss: np.array(1.0)}, [loss]
    while ready:
        node = ready.pop()
        if not isinstance(node, Operation):
            continue
        sent = gradient_function(node)(node, table[node])
        sent = sent if isinstance(sent, (tuple, list)) else (sent,)
        for source, term in zip(node.input_nodes, sent):
            table[source] = table.get(source, 0.0) + term
            waiting[source] -= 1
            if waiting[source] == 0:
                ready.append(source)
    return table


def compute_gradients__right_own_order(loss):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for source in getattr(node, "input_nodes", ()):
                visit(source)
            order.append(node)

    visit(loss)
    table = {node: 0.0 for node in order}
    table[loss] = 1.0
    for node in order[::-1]:
        if isinstance(node, Operation):
            sent = gradient_function(node)(node, np.asarray(table[node]))
            sent = list(sent) if isinstance(sent, (tuple, list)) else [sent]
            for k, source in enumerate(node.input_nodes):
                table[source] = table[source] + sent[k]
    return table


def compute_gradients__right_asking(loss):
    way = topological_order(loss)
    table = {loss: np.ones(())}
    for node in reversed(way[:-1]):
        total = np.zeros_like(node.output)
        for consumer in way:
            if isinstance(consumer, Operation) and node in consumer.input_nodes:
                sent = gradient_function(consumer)(consumer, table[consumer])
                sent = sent if isinstance(sent, (tuple, list)) else [sent]
                for source, term in zip(consumer.input_nodes, sent):
                    if source is node:
                        total = total + term
        table[node] = total
    return table


def compute_gradients__right_remembering(loss):
    way = set(topological_order(loss))
    known = {loss: np.ones(())}

    def gradient_at(node):
        if node not in known:
            total = 0.0
            for consumer in way:
                if isinstance(consumer, Operation):
                    for k, source in enumerate(consumer.input_nodes):
                        if source is node:
                            sent = gradient_function(consumer)(consumer, gradient_at(consumer))
                            total = total + (sent if not isinstance(sent, (tuple, list)) else sent[k])
            known[node] = np.asarray(total)
        return known[node]

    for node in way:
        gradient_at(node)
    return known


def compute_gradients__right_lists_of_terms(loss):
    terms = {loss: [np.ones(())]}
    table = {}
    for node in reversed(topological_order(loss)):
        table[node] = np.sum(np.stack(terms[node]), axis=0)
        if isinstance(node, Operation):
            sent = gradient_function(node)(node, table[node].copy())
            sent = sent if isinstance(sent, (tuple, list)) else [sent]
            for source, term in zip(node.input_nodes, sent):
                terms.setdefault(source, []).append(np.array(term))
    return table


def compute_gradients__right_copies_in_place(loss):
    order = topological_order(loss)
    table = {node: np.zeros_like(node.output) for node in order}
    table[loss] += 1
    for node in reversed(order):
        if isinstance(node, Operation):
            sent = gradient_function(node)(node, table[node].copy())
            for source, term in zip(node.input_nodes, sent if isinstance(sent, (tuple, list)) else [sent]):
                table[source] += term
    return table


def compute_gradients__wrong_nothing_returned(loss):
    table = {loss: np.ones(())}


def compute_gradients__wrong_list_returned(loss):
    return [np.ones(()) for _ in topological_order(loss)]


def compute_gradients__wrong_all_ones(loss):
    return {node: np.ones_like(node.output) for node in topological_order(loss)}


def compute_gradients__wrong_upstream_ignored(loss):
    table = {loss: np.ones(())}
    for node in reversed(topological_order(loss)):
        if isinstance(node, Operation):
            sent = gradient_function(node)(node, np.ones_like(node.output))
            for source, term in zip(node.input_nodes, sent if isinstance(sent, (tuple, list)) else [sent]):
                table[source] = table[source] + term if source in table else term
    return table


def compute_gradients__wrong_contributions_overwritten(loss):
    table = {loss: np.ones(())}
    for node in reversed(topological_order(loss)):
        if isinstance(node, Operation):
            sent = gradient_function(node)(node, table[node])
            for source, term in zip(node.input_nodes, sent if isinstance(sent, (tuple, list)) else [sent]):
                table[source] = term
    return table


def compute_gradients__wrong_first_consumer_only(loss):
    table = {loss: np.ones(())}
    for node in reversed(topological_order(loss)):
        if isinstance(node, Operation):
            sent = gradient_function(node)(node, table[node])
            for source, term in zip(node.input_nodes, sent if isinstance(sent, (tuple, list)) else [sent]):
                table.setdefault(source, term)
    return table


def compute_gradients__partial_recursion_without_order__at_once(loss):
    gradients = {}

    def visit(node, G):
        gradients[node] = gradients.get(node, 0) + G
        if isinstance(node, Operation):
            terms = gradient_function(node)(node, gradients[node])
            for below, term in zip(node.input_nodes, terms if isinstance(terms, tuple) else (terms,)):
                visit(below, term)

    visit(loss, np.ones_like(loss.output))
    return gradients


def compute_gradients__partial_operations_left_out(loss):
    gradients = {loss: np.ones_like(loss.output)}
    for node in reversed(topological_order(loss)):
        if isinstance(node, Operation):
            terms = gradient_function(node)(node, gradients[node])
            for below, term in zip(node.input_nodes, terms if isinstance(terms, tuple) else (terms,)):
                gradients[below] = gradients.get(below, 0) + term
    return {node: G for node, G in gradients.items() if not isinstance(node, Operation)}


def compute_gradients__wrong_nearest_nodes_first(loss):
    table, queue, seen = {loss: np.ones(())}, [loss], {loss}
    while queue:
        node = queue.pop(0)
        if node is not loss:
            table[node] = 0.0
            for consumer in node.consumers:
                sent = gradient_function(consumer)(consumer, table[consumer])
                if isinstance(sent, (tuple, list)):
                    sent = sent[consumer.input_nodes.index(node)]
                table[node] = table[node] + sent
        for source in getattr(node, "input_nodes", []):
            if source not in seen:
                seen.add(source)
                queue.append(source)
    return table


def compute_gradients__partial_recursion_without_order(loss):
    table = {loss: np.ones(())}

    def visit(node):
        if isinstance(node, Operation):
            sent = gradient_function(node)(node, table[node])
            for source, term in zip(node.input_nodes, sent if isinstance(sent, (tuple, list)) else [sent]):
                table[source] = table.get(source, 0.0) + term
            for source in node.input_nodes:
                visit(source)

    visit(loss)
    return table


def compute_gradients__partial_array_shared_by_two_nodes(loss):
    table = {loss: np.ones(())}
    for node in reversed(topological_order(loss)):
        if isinstance(node, Operation):
            sent = gradient_function(node)(node, table[node])
            for source, term in zip(node.input_nodes, sent if isinstance(sent, (tuple, list)) else [sent]):
                if source in table:
                    table[source] += term
                else:
                    table[source] = term
    return table


def compute_gradients__wrong_paths_multiplied(loss):
    table = {loss: np.ones(())}
    for node in reversed(topological_order(loss)):
        if isinstance(node, Operation):
            sent = gradient_function(node)(node, table[node])
            for source, term in zip(node.input_nodes, sent if isinstance(sent, (tuple, list)) else [sent]):
                table[source] = table[source] * term if source in table else term
    return table


def compute_gradients__policy_library(loss):
    import gradecheck.graph as library

    return library.compute_gradients(loss)


# ---------------------------------------------------------------------------------------------------
# gradient_descent
# ---------------------------------------------------------------------------------------------------
class gradient_descent__right_class_inside:
    def __init__(self, learning_rate):
        self.learning_rate = learning_rate

    def minimize(self, loss):
        rate = self.learning_rate

        class step(Operation):
            def compute(self, value):
                gradients = gradients_of(loss)
                for node, gradient in gradients.items():
                    if isinstance(node, Variable):
                        node.value = node.value - rate * gradient
                return value

        return step([loss])


class gradient_descent__right_two_passes:
    def __init__(self, learning_rate):
        self.rate = learning_rate

    def minimize(self, loss):
        rate = self.rate

        class descend(Operation):
            def __init__(self):
                super().__init__([loss])

            def compute(self, value):
                found = gradients_of(loss)
                new = {v: v.value - rate * found[v] for v in found if isinstance(v, Variable)}
                for variable, moved in new.items():
                    variable.value = moved
                return value

        return descend()


class gradient_descent__right_from_the_order:
    def __init__(self, learning_rate):
        self.rate = float(learning_rate)

    def minimize(self, loss):
        variables = [node for node in topological_order(loss) if isinstance(node, Variable)]
        optimizer = self

        class step(Operation):
            def compute(self, _value):
                slopes = gradients_of(self.input_nodes[0])
                moved = [v.value - optimizer.rate * slopes[v] for v in variables]
                for v, value in zip(variables, moved):
                    v.value = value
                return 0.0

        return step([loss])


class gradient_descent__wrong_step_uphill:
    def __init__(self, learning_rate):
        self.rate = learning_rate

    def minimize(self, loss):
        rate = self.rate

        class step(Operation):
            def compute(self, value):
                for node, gradient in gradients_of(loss).items():
                    if isinstance(node, Variable):
                        node.value = node.value + rate * gradient
                return value

        return step([loss])


class gradient_descent__wrong_learning_rate_ignored:
    def __init__(self, learning_rate):
        self.rate = learning_rate

    def minimize(self, loss):
        class step(Operation):
            def compute(self, value):
                for node, gradient in gradients_of(loss).items():
                    if isinstance(node, Variable):
                        node.value = node.value - gradient
                return value

        return step([loss])


class gradient_descent__wrong_gradient_replaces_value:
    def __init__(self, learning_rate):
        self.rate = learning_rate

    def minimize(self, loss):
        rate = self.rate

        class step(Operation):
            def compute(self, value):
                for node, gradient in gradients_of(loss).items():
                    if isinstance(node, Variable):
                        node.value = -rate * gradient
                return value

        return step([loss])


class gradient_descent__wrong_variables_not_changed:
    def __init__(self, learning_rate):
        self.rate = learning_rate

    def minimize(self, loss):
        rate = self.rate

        class step(Operation):
            def compute(self, value):
                for node, gradient in gradients_of(loss).items():
                    if isinstance(node, Variable):
                        moved = node.value - rate * gradient
                return value

        return step([loss])


class gradient_descent__wrong_stale_forward_values:
    def __init__(self, learning_rate):
        self.rate = learning_rate

    def minimize(self, loss):
        rate = self.rate

        class step(Operation):
            def compute(self):
                for node, gradient in gradients_of(loss).items():
                    if isinstance(node, Variable):
                        node.value = node.value - rate * gradient
                return 0.0

        return step([])


class gradient_descent__wrong_one_step_at_once:
    def __init__(self, learning_rate):
        self.rate = learning_rate

    def minimize(self, loss):
        for node, gradient in gradients_of(loss).items():
            if isinstance(node, Variable):
                node.value = node.value - self.rate * gradient
        return loss


class gradient_descent__wrong_nothing_returned:
    def __init__(self, learning_rate):
        self.rate = learning_rate

    def minimize(self, loss):
        pass


class gradient_descent__policy_library:
    def __init__(self, learning_rate):
        import gradecheck.graph as library

        self.inner = library.GradientDescentOptimizer(learning_rate)

    def minimize(self, loss):
        return self.inner.minimize(loss)


# ---------------------------------------------------------------------------------------------------
# perceptron
# ---------------------------------------------------------------------------------------------------
def perceptron__right_numpy(X, c, W, b, learning_rate, steps):
    losses = []
    for _ in range(steps):
        scores = X @ W.value + b.value
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        P = e / e.sum(axis=1, keepdims=True)
        losses.append(-np.sum(c * np.log(P)))
        dW, db = X.T @ (P - c), (P - c).sum(axis=0)
        W.value = W.value - learning_rate * dW
        b.value = b.value - learning_rate * db
    return losses


def perceptron__right_log_softmax(X, c, W, b, learning_rate, steps):
    losses = np.zeros(steps)
    for k in range(steps):
        scores = X @ W.value + b.value
        top = scores.max(axis=1, keepdims=True)
        log_P = scores - top - np.log(np.sum(np.exp(scores - top), axis=1, keepdims=True))
        losses[k] = -np.sum(c * log_P)
        difference = np.exp(log_P) - c
        W.value, b.value = (
            W.value - learning_rate * X.T @ difference,
            b.value - learning_rate * difference.sum(0),
        )
    return losses


def perceptron__right_point_by_point(X, c, W, b, learning_rate, steps):
    losses = []
    for _ in range(steps):
        loss, dW, db = 0.0, np.zeros((2, 2)), np.zeros(2)
        for x, wanted in zip(X, c):
            s = x @ W.value + b.value
            p = np.exp(s - s.max()) / np.exp(s - s.max()).sum()
            loss -= np.log(p[wanted.argmax()])
            dW += np.outer(x, p - wanted)
            db += p - wanted
        losses.append(loss)
        W.value = W.value - learning_rate * dW
        b.value = b.value - learning_rate * db
    return losses


def perceptron__right_tensorflow(X, c, W, b, learning_rate, steps):
    losses = []
    for _ in range(steps):
        P = tf.nn.softmax(X @ W.value + b.value)
        losses.append(float(-tf.reduce_sum(c * tf.math.log(P))))
        W.value = W.value - learning_rate * tf.matmul(X, P - c, transpose_a=True).numpy()
        b.value = b.value - learning_rate * tf.reduce_sum(P - c, axis=0).numpy()
    return losses


def perceptron__right_chain_of_jacobians(X, c, W, b, learning_rate, steps):
    losses = []
    for _ in range(steps):
        e = np.exp(X @ W.value + b.value)
        P = e / e.sum(axis=1, keepdims=True)
        losses.append(-np.log(P[c == 1]).sum())
        dP = -c / P
        dS = P * (dP - np.sum(P * dP, axis=1, keepdims=True))
        dW, db = np.einsum("ni,nk->ik", X, dS), np.einsum("nk->k", dS)
        W.value -= learning_rate * dW
        b.value -= learning_rate * db
    return losses


def perceptron__partial_diagonal_terms_only(X, c, W, b, learning_rate, steps):
    losses = []
    for _ in range(steps):
        e = np.exp(X @ W.value + b.value)
        P = e / e.sum(axis=1, keepdims=True)
        losses.append(-np.sum(c * np.log(P)))
        dS = -c / P * P * (1 - P)
        W.value = W.value - learning_rate * X.T @ dS
        b.value = b.value - learning_rate * dS.sum(axis=0)
    return losses


def perceptron__partial_bias_gradient_totalled(X, c, W, b, learning_rate, steps):
    losses = []
    for _ in range(steps):
        e = np.exp(X @ W.value + b.value)
        P = e / e.sum(axis=1, keepdims=True)
        losses.append(-np.sum(c * np.log(P)))
        W.value = W.value - learning_rate * X.T @ (P - c)
        b.value = b.value - learning_rate * np.sum(P - c)
    return losses


def perceptron__partial_mean_for_sum(X, c, W, b, learning_rate, steps):
    losses = []
    for _ in range(steps):
        e = np.exp(X @ W.value + b.value)
        P = e / e.sum(axis=1, keepdims=True)
        losses.append(-np.sum(c * np.log(P)))
        W.value = W.value - learning_rate * X.T @ (P - c) / len(X)
        b.value = b.value - learning_rate * (P - c).mean(axis=0)
    return losses


def perceptron__partial_step_uphill(X, c, W, b, learning_rate, steps):
    losses = []
    for _ in range(steps):
        scores = X @ W.value + b.value
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        P = e / e.sum(axis=1, keepdims=True)
        losses.append(-np.sum(c * np.log(P)))
        W.value = W.value - learning_rate * X.T @ (c - P)
        b.value = b.value - learning_rate * (c - P).sum(axis=0)
    return losses


def perceptron__partial_transposed(X, c, W, b, learning_rate, steps):
    losses = []
    for _ in range(steps):
        e = np.exp(X @ W.value + b.value)
        P = e / e.sum(axis=1, keepdims=True)
        losses.append(-np.sum(c * np.log(P)))
        W.value = W.value - learning_rate * (P - c).T @ X
        b.value = b.value - learning_rate * (P - c).sum(axis=0)
    return losses


def perceptron__partial_variables_not_changed(X, c, W, b, learning_rate, steps):
    losses, W, b = [], W.value, b.value
    for _ in range(steps):
        e = np.exp(X @ W + b)
        P = e / e.sum(axis=1, keepdims=True)
        losses.append(-np.sum(c * np.log(P)))
        W = W - learning_rate * X.T @ (P - c)
        b = b - learning_rate * (P - c).sum(axis=0)
    return losses


def perceptron__wrong_nothing_returned(X, c, W, b, learning_rate, steps):
    for _ in range(steps):
        e = np.exp(X @ W.value + b.value)
        P = e / e.sum(axis=1, keepdims=True)
        W.value = W.value - learning_rate * X.T @ (P - c)


def perceptron__wrong_last_loss_only(X, c, W, b, learning_rate, steps):
    for _ in range(steps):
        e = np.exp(X @ W.value + b.value)
        P = e / e.sum(axis=1, keepdims=True)
        loss = -np.sum(c * np.log(P))
        W.value = W.value - learning_rate * X.T @ (P - c)
        b.value = b.value - learning_rate * (P - c).sum(axis=0)
    return loss
