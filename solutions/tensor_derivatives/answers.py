"""Many ways to answer tensor_derivatives, right and wrong. For instructors: never hand this out.

The names say what to expect, as in understanding_gradients; and here there is one more kind:

    <exercise>__partial_<mistake>              one output of several is wrong: some of the points

Each definition stands for itself and needs only the names that are imported here, as in the notebook.
"""

import numpy as np
import tensorflow as tf


# ---------------------------------------------------------------------------------------------------
# numerical_gradient
# ---------------------------------------------------------------------------------------------------
def numerical_gradient__right_central(f, x, dz):
    h, dx = 1e-5, np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[place] += h
        below[place] -= h
        dx[place] = np.sum(dz * (f(above) - f(below))) / (2 * h)
    return dx


def numerical_gradient__right_float64(f, x, dz):
    x, h = np.array(x, dtype=np.float64), 1e-5
    dx = np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        nudge = np.zeros_like(x)
        nudge[place] = h
        dx[place] = (np.sum(dz * f(x + nudge)) - np.sum(dz * f(x - nudge))) / (2 * h)
    return dx


def numerical_gradient__right_richardson(f, x, dz):
    def along(nudge, h):
        return np.sum(dz * (f(x + h * nudge) - f(x - h * nudge))) / (2 * h)

    dx = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        nudge = np.zeros(x.shape)
        nudge[place] = 1
        dx[place] = (4 * along(nudge, 5e-4) - along(nudge, 1e-3)) / 3
    return dx


def numerical_gradient__right_flat(f, x, dz):
    flat, h = np.ravel(x).astype(float), 1e-5
    dx = np.zeros(flat.size)
    for k in range(flat.size):
        up, down = flat.copy(), flat.copy()
        up[k] += h
        down[k] -= h
        dx[k] = np.sum(dz * (f(up.reshape(x.shape)) - f(down.reshape(x.shape)))) / (2 * h)
    return dx.reshape(x.shape)


def numerical_gradient__right_identity_rows(f, x, dz):
    h = 1e-5
    slopes = [
        (f(x + h * e.reshape(x.shape)) - f(x - h * e.reshape(x.shape))) / (2 * h) for e in np.eye(x.size)
    ]
    return np.array([np.sum(dz * slope) for slope in slopes]).reshape(x.shape)


def numerical_gradient__right_jacobian(f, x, dz):
    h = 1e-5
    rows = [np.ravel(f(x + h * e.reshape(x.shape)) - f(x - h * e.reshape(x.shape))) for e in np.eye(x.size)]
    return (np.array(rows) @ np.ravel(dz) / (2 * h)).reshape(x.shape)


def numerical_gradient__right_loss_function(f, x, dz):
    def loss(t):
        return float(np.sum(dz * f(t)))

    h, dx = 1e-5, np.empty(x.shape)
    for place in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[place] = h
        dx[place] = (loss(x + e) - loss(x - e)) / (2 * h)
    return dx


def numerical_gradient__right_put_back(f, x, dz):
    x, h = x.copy(), 1e-5
    dx = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        old = x[place]
        x[place] = old + h
        above = np.sum(dz * f(x))
        x[place] = old - h
        below = np.sum(dz * f(x))
        x[place] = old
        dx[place] = (above - below) / (2 * h)
    return dx


def numerical_gradient__right_four_points(f, x, dz):
    h, dx = 1e-3, np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[place] = h
        slope = (8 * (f(x + e) - f(x - e)) - (f(x + 2 * e) - f(x - 2 * e))) / (12 * h)
        dx[place] = np.sum(dz * slope)
    return dx


def numerical_gradient__right_exact_step(f, x, dz):
    h, dx = 2.0**-17, np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[place] = h
        up, down = x + e, x - e
        dx[place] = np.vdot(dz, f(up) - f(down)) / (up[place] - down[place])
    return dx


def numerical_gradient__right_smaller_step(f, x, dz):
    dx = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[place] = 3e-6
        dx[place] = np.sum(dz * (f(x + e) - f(x - e))) / 6e-6
    return dx


def numerical_gradient__right_list(f, x, dz):
    x, h, entries = np.asarray(x), 1e-5, []
    for k in range(x.size):
        e = np.zeros(x.size)
        e[k] = h
        e = e.reshape(x.shape)
        entries.append(np.sum(np.multiply(dz, f(x + e) - f(x - e))) / (2 * h))
    return np.reshape(entries, x.shape).tolist()


def numerical_gradient__wrong_upstream_ignored(f, x, dz):
    h, dx = 1e-5, np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[place] = h
        dx[place] = np.sum(f(x + e) - f(x - e)) / (2 * h)
    return dx


def numerical_gradient__wrong_difference_to_one_side(f, x, dz):
    h, dx = 1e-5, np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[place] = h
        dx[place] = np.sum(dz * (f(x + e) - f(x))) / h
    return dx


def numerical_gradient__wrong_difference_to_one_side__smaller(f, x, dz):
    h, dx = 1e-7, np.zeros(x.shape)
    below = f(x)
    for place in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[place] = h
        dx[place] = np.sum(dz * (f(x + e) - below)) / h
    return dx


def numerical_gradient__wrong_all_entries_nudged_at_once(f, x, dz):
    return dz * (f(x + 1e-5) - f(x - 1e-5)) / 2e-5


def numerical_gradient__wrong_scaled_by_two(f, x, dz):
    h, dx = 1e-5, np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[place] = h
        dx[place] = np.sum(dz * (f(x + e) - f(x - e))) / h
    return dx


def numerical_gradient__wrong_sign_flipped(f, x, dz):
    h, dx = 1e-5, np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[place] = h
        dx[place] = np.sum(dz * (f(x - e) - f(x + e))) / (2 * h)
    return dx


def numerical_gradient__wrong_step_too_large(f, x, dz):
    h, dx = 0.1, np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[place] = h
        dx[place] = np.sum(dz * (f(x + e) - f(x - e))) / (2 * h)
    return dx


def numerical_gradient__wrong_mean_for_sum(f, x, dz):
    h, dx = 1e-5, np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[place] = h
        dx[place] = np.mean(dz * (f(x + e) - f(x - e))) / (2 * h)
    return dx


def numerical_gradient__wrong_not_divided(f, x, dz):
    h, dx = 1e-5, np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        e = np.zeros(x.shape)
        e[place] = h
        dx[place] = np.sum(dz * (f(x + e) - f(x - e)))
    return dx


def numerical_gradient__wrong_float32(f, x, dz):
    x, h = np.asarray(x, np.float32), np.float32(1e-5)
    dx = np.zeros(x.shape, np.float32)
    for place in np.ndindex(x.shape):
        e = np.zeros(x.shape, np.float32)
        e[place] = h
        dx[place] = np.sum(dz * (f(x + e) - f(x - e))) / (2 * h)
    return dx


def numerical_gradient__wrong_vectors_only(f, x, dz):
    h, dx = 1e-5, np.zeros(len(x))
    for k in range(len(x)):
        e = np.zeros(len(x))
        e[k] = h
        dx[k] = np.sum(dz * (f(x + e) - f(x - e))) / (2 * h)
    return dx


def numerical_gradient__wrong_value_returned(f, x, dz):
    return dz * f(x)


def numerical_gradient__wrong_nothing_returned(f, x, dz):
    dx = np.zeros(x.shape)


def numerical_gradient__policy_tape(f, x, dz):
    with tf.GradientTape() as tape:
        t = tf.constant(x)
        tape.watch(t)
        z = tf.reduce_sum(dz * f(t))
    return tape.gradient(z, t)


# ---------------------------------------------------------------------------------------------------
# sigmoid_graph
# ---------------------------------------------------------------------------------------------------
def sigmoid_graph__right_node_by_node(x, w, b, dz):
    a = w * x
    s = a + b
    n = -s
    e = tf.exp(n)
    d = 1 + e
    dd = -dz / d**2
    de = dd
    dn = de * e
    ds = -dn
    da = ds
    db = ds
    dw = da * x
    dx = da * w
    return dd, de, dn, ds, da, db, dw, dx


def sigmoid_graph__right_numpy(x, w, b, dz):
    e = np.exp(-(np.asarray(w) * x + b))
    dd = -np.asarray(dz) / np.square(1 + e)
    ds = -dd * e
    return dd, dd, -ds, ds, ds, ds, ds * x, ds * w


def sigmoid_graph__right_from_output(x, w, b, dz):
    z = tf.sigmoid(w * x + b)
    dd = -dz * z * z
    ds = dz * z * (1 - z)
    return dd, dd, -ds, ds, ds, ds, ds * x, ds * w


def sigmoid_graph__right_list(x, w, b, dz):
    e = tf.exp(-w * x - b)
    d = 1.0 + e
    dd = dz * (-1.0 / (d * d))
    dn = dd * e
    return [dd, dd, dn, -dn, -dn, -dn, -dn * x, -dn * w]


def sigmoid_graph__right_float64(x, w, b, dz):
    x, w, b, dz = (np.array(t, np.float64) for t in (x, w, b, dz))
    d = 1 + np.exp(-(w * x + b))
    bars = [-dz / d**2]
    bars.append(bars[-1])
    bars.append(bars[-1] * (d - 1))
    bars.append(-bars[-1])
    return (*bars, bars[-1], bars[-1], bars[-1] * x, bars[-1] * w)


def sigmoid_graph__right_dictionary(x, w, b, dz):
    e = tf.exp(-(w * x + b))
    bar = {"d": -dz / (1 + e) ** 2}
    bar["e"] = bar["d"] * 1
    bar["n"] = bar["e"] * e
    bar["s"] = bar["n"] * -1
    for node in "ab":
        bar[node] = bar["s"]
    bar["w"], bar["x"] = bar["a"] * x, bar["a"] * w
    return tuple(bar[node] for node in "densabwx")


def sigmoid_graph__right_entry_by_entry(x, w, b, dz):
    def one(x, w, b, dz):
        e = np.exp(-(w * x + b))
        dd = -dz / (1 + e) ** 2
        dn = dd * e
        return dd, dd, dn, -dn, -dn, -dn, -dn * x, -dn * w

    columns = [one(*numbers) for numbers in zip(*(np.ravel(t).astype(float) for t in (x, w, b, dz)))]
    return tuple(np.reshape(column, np.shape(x)) for column in zip(*columns))


def sigmoid_graph__wrong_sign_flipped(x, w, b, dz):
    e = tf.exp(-(w * x + b))
    dd = dz / (1 + e) ** 2
    dn = dd * e
    return dd, dd, dn, -dn, -dn, -dn, -dn * x, -dn * w


def sigmoid_graph__wrong_reciprocal_slope_without_square(x, w, b, dz):
    e = tf.exp(-(w * x + b))
    dd = -dz / (1 + e)
    dn = dd * e
    return dd, dd, dn, -dn, -dn, -dn, -dn * x, -dn * w


def sigmoid_graph__wrong_slope_at_wrong_value(x, w, b, dz):
    e = tf.exp(-(w * x + b))
    z = 1 / (1 + e)
    dd = -dz / z**2
    dn = dd * e
    return dd, dd, dn, -dn, -dn, -dn, -dn * x, -dn * w


def sigmoid_graph__wrong_upstream_ignored(x, w, b, dz):
    e = tf.exp(-(w * x + b))
    dd = -1 / (1 + e) ** 2
    dn = dd * e
    return dd, dd, dn, -dn, -dn, -dn, -dn * x, -dn * w


def sigmoid_graph__wrong_forward_value_times_upstream(x, w, b, dz):
    return dz * tf.sigmoid(w * x + b)


def sigmoid_graph__wrong_values_returned(x, w, b, dz):
    a = w * x
    s = a + b
    e = tf.exp(-s)
    return 1 + e, e, -s, s, a, b, w, x


def sigmoid_graph__partial_negation_skipped(x, w, b, dz):
    e = tf.exp(-(w * x + b))
    dd = -dz / (1 + e) ** 2
    ds = dd * e
    return dd, dd, ds, ds, ds, ds, ds * x, ds * w


def sigmoid_graph__partial_slope_of_exp_left_out(x, w, b, dz):
    dd = -dz / (1 + tf.exp(-(w * x + b))) ** 2
    return dd, dd, dd, -dd, -dd, -dd, -dd * x, -dd * w


def sigmoid_graph__partial_factors_not_exchanged(x, w, b, dz):
    e = tf.exp(-(w * x + b))
    dd = -dz / (1 + e) ** 2
    dn = dd * e
    return dd, dd, dn, -dn, -dn, -dn, -dn * w, -dn * x


def sigmoid_graph__partial_message_shared_out_at_plus(x, w, b, dz):
    e = tf.exp(-(w * x + b))
    dd = -dz / (1 + e) ** 2
    ds = -dd * e
    return dd, dd, -ds, ds, ds / 2, ds / 2, ds / 2 * x, ds / 2 * w


def sigmoid_graph__partial_product_slope_left_out(x, w, b, dz):
    e = tf.exp(-(w * x + b))
    dd = -dz / (1 + e) ** 2
    ds = -dd * e
    return dd, dd, -ds, ds, ds, ds, ds, ds


def sigmoid_graph__partial_constant_counted_as_factor(x, w, b, dz):
    e = tf.exp(-(w * x + b))
    d = 1 + e
    dd = -dz / d**2
    de = dd * d
    dn = de * e
    return dd, de, dn, -dn, -dn, -dn, -dn * x, -dn * w


def sigmoid_graph__policy_tape(x, w, b, dz):
    with tf.GradientTape() as tape:
        tape.watch([x, w, b])
        a = w * x
        s = a + b
        n = -s
        e = tf.exp(n)
        d = 1 + e
        z = 1 / d
    return tuple(tape.gradient(z, [d, e, n, s, a, b, w, x], output_gradients=dz))


# ---------------------------------------------------------------------------------------------------
# relu
# ---------------------------------------------------------------------------------------------------
def relu__right_tensorflow(x, dz):
    return tf.where(x > 0, dz, 0.0)


def relu__right_cast(x, dz):
    return dz * tf.cast(x > 0, tf.float32)


def relu__right_numpy(x, dz):
    return np.where(np.asarray(x) > 0, dz, 0)


def relu__right_mask(x, dz):
    return np.asarray(dz) * (np.asarray(x) > 0)


def relu__right_mask_with_the_corner(x, dz):
    return np.asarray(dz) * (np.asarray(x) >= 0)


def relu__right_half_at_the_corner(x, dz):
    return dz * np.heaviside(x, np.float32(0.5))


def relu__right_sign(x, dz):
    return dz * (tf.sign(x) + 1) / 2


def relu__right_sign_of_output(x, dz):
    return dz * tf.sign(tf.nn.relu(x))


def relu__right_by_output(x, dz):
    z = tf.nn.relu(x)
    return tf.where(z > 0, dz, tf.zeros_like(dz))


def relu__right_copy_then_write(x, dz):
    dx = np.array(dz)
    dx[np.asarray(x) <= 0] = 0
    return dx


def relu__right_loop(x, dz):
    dx = np.zeros(x.shape, np.float32)
    for place in np.ndindex(*x.shape):
        if x.numpy()[place] > 0:
            dx[place] = dz.numpy()[place]
    return dx


def relu__right_comprehension(x, dz):
    x, dz = np.asarray(x), np.asarray(dz)
    return np.array([d if v > 0 else 0.0 for v, d in zip(x.flat, dz.flat)]).reshape(x.shape)


def relu__right_jacobian(x, dz):
    J = np.diag((np.ravel(x) > 0).astype(float))
    return (J.T @ np.ravel(dz)).reshape(np.shape(x))


def relu__right_select(x, dz):
    x, dz = np.asarray(x), np.asarray(dz)
    return np.select([x > 0, x < 0], [dz, 0 * dz], default=0)


def relu__right_multiplied_where(x, dz):
    return np.multiply(dz, x > 0, dtype=np.float32)


def relu__right_greater(x, dz):
    return dz * tf.cast(tf.greater(x, tf.constant(0.0)), dz.dtype)


def relu__right_two_steps(x, dz):
    slope = tf.ones_like(x)
    slope = tf.where(x < 0, tf.zeros_like(x), slope)
    return slope * dz


def relu__right_masked_array(x, dz):
    return np.ma.masked_where(np.asarray(x) <= 0, np.asarray(dz)).filled(0)


def relu__right_variable(x, dz):
    dx = tf.Variable(tf.zeros_like(x))
    dx.assign(tf.where(x > 0, dz, dx))
    return dx


@tf.function
def relu__right_tf_function(x, dz):
    return tf.where(x > 0, dz, tf.zeros_like(dz))


def relu__extreme_divided_at_corner(x, dz):
    return dz * tf.nn.relu(x) / x


def relu__extreme_inputs_changed(x, dz):
    if not isinstance(dz, np.ndarray):
        raise TypeError("tensors cannot be assigned to")
    dz[x <= 0] = 0
    return dz


def relu__wrong_mask_from_upstream(x, dz):
    return tf.where(dz > 0, dz, 0.0)


def relu__wrong_mask_from_upstream__relu(x, dz):
    return tf.nn.relu(dz)


def relu__wrong_mask_from_both(x, dz):
    return tf.where((x > 0) & (dz > 0), dz, 0.0)


def relu__wrong_mask_from_both__guided(x, dz):
    return tf.nn.relu(dz) * tf.cast(x > 0, tf.float32)


def relu__wrong_forward_value_times_upstream(x, dz):
    return dz * tf.nn.relu(x)


def relu__wrong_mask_upside_down(x, dz):
    return tf.where(x > 0, 0.0, dz)


def relu__wrong_nothing_blocked(x, dz):
    return dz


def relu__wrong_slope_of_leaky_relu(x, dz):
    return tf.where(x > 0, dz, 0.01 * dz)


def relu__wrong_slope_of_absolute_value(x, dz):
    return dz * tf.sign(x)


def relu__wrong_full_jacobian(x, dz):
    return tf.linalg.diag(tf.reshape(tf.cast(x > 0, tf.float32), [-1]))


def relu__wrong_jacobian_not_summed(x, dz):
    return np.diag(np.ravel(np.asarray(dz) * (np.asarray(x) > 0)))


def relu__wrong_upstream_ignored(x, dz):
    return tf.cast(x > 0, tf.float32)


def relu__wrong_upstream_ignored__where(x, dz):
    return np.where(np.asarray(x) > 0, 1.0, 0.0)


def relu__wrong_upstream_squared(x, dz):
    return tf.where(x > 0, dz * dz, 0.0)


def relu__wrong_upstream_sign_lost(x, dz):
    return tf.where(x > 0, tf.abs(dz), 0.0)


def relu__wrong_sign_flipped(x, dz):
    return tf.where(x > 0, -dz, 0.0)


def relu__wrong_scaled_by_two(x, dz):
    return tf.where(x > 0, 2 * dz, 0.0)


def relu__wrong_scaled_by_half(x, dz):
    return tf.where(x > 0, dz / 2, 0.0)


def relu__wrong_forward_value_returned(x, dz):
    return tf.nn.relu(x)


def relu__wrong_above_one(x, dz):
    return tf.where(x > 1, dz, 0.0)


def relu__wrong_relu_six(x, dz):
    return tf.where((x > 0) & (x < 1), dz, 0.0)


def relu__wrong_smooth(x, dz):
    return dz * tf.sigmoid(x)


def relu__wrong_input_let_through(x, dz):
    return tf.where(x > 0, x, 0.0) + tf.where(x > 0, 0.0, dz)


def relu__wrong_summed_to_one_number(x, dz):
    return tf.reduce_sum(tf.where(x > 0, dz, 0.0))


def relu__wrong_truth_values_returned(x, dz):
    return x > 0


def relu__wrong_blocked_entries_left_out(x, dz):
    return np.asarray(dz)[np.asarray(x) > 0]


def relu__wrong_one_decision_for_all(x, dz):
    return dz if np.max(x) > 0 else 0 * dz


def relu__policy_tape(x, dz):
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = tf.nn.relu(x)
    return tape.gradient(z, x, output_gradients=dz)


def relu__policy_kernel(x, dz):
    return tf.raw_ops.ReluGrad(gradients=dz, features=x)


# ---------------------------------------------------------------------------------------------------
# jacobian_relu
# ---------------------------------------------------------------------------------------------------
def jacobian_relu__right_tensorflow(x):
    return tf.linalg.diag(tf.cast(x > 0, tf.float32))


def jacobian_relu__right_numpy(x):
    return np.diag((np.asarray(x) > 0).astype(np.float32))


def jacobian_relu__right_identity_times_mask(x):
    return np.eye(x.shape[0]) * (np.asarray(x) > 0)


def jacobian_relu__right_identity_rows(x):
    return tf.eye(x.shape[0]) * tf.cast(x > 0, tf.float32)[:, None]


def jacobian_relu__right_with_the_corner(x):
    return np.diag(np.where(np.asarray(x) >= 0, 1.0, 0.0))


def jacobian_relu__right_half_at_the_corner(x):
    return np.diag(np.heaviside(x, 0.5))


def jacobian_relu__right_loops(x):
    n = x.shape[0]
    J = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if i == j and x[i] > 0:
                J[i, j] = 1.0
    return J


def jacobian_relu__right_loop_over_diagonal(x):
    J = np.zeros((len(x), len(x)))
    for i, value in enumerate(x):
        J[i, i] = 1.0 if value > 0 else 0.0
    return J


def jacobian_relu__right_list(x):
    return [[float(i == j and x[i] > 0) for j in range(len(x))] for i in range(len(x))]


def jacobian_relu__right_fill_diagonal(x):
    J = np.zeros((x.shape[0], x.shape[0]))
    np.fill_diagonal(J, np.asarray(x) > 0)
    return J


def jacobian_relu__right_einsum(x):
    return np.einsum("i,ij->ij", np.asarray(x) > 0, np.eye(len(x)))


def jacobian_relu__right_sign(x):
    return tf.linalg.diag(tf.sign(tf.nn.relu(x)))


def jacobian_relu__right_set_diag(x):
    n = x.shape[0]
    return tf.linalg.set_diag(tf.zeros([n, n]), tf.where(x > 0, 1.0, 0.0))


def jacobian_relu__right_one_hot_rows(x):
    return tf.stack([tf.one_hot(i, x.shape[0]) * tf.cast(x[i] > 0, tf.float32) for i in range(x.shape[0])])


def jacobian_relu__right_indices(x):
    x = np.asarray(x)
    J = np.zeros((x.size, x.size))
    open_gates = np.flatnonzero(x > 0)
    J[open_gates, open_gates] = 1
    return J


def jacobian_relu__right_scatter(x):
    n = x.shape[0]
    return tf.scatter_nd([[i, i] for i in range(n)], tf.cast(x > 0, tf.float32), [n, n])


@tf.function
def jacobian_relu__right_tf_function(x):
    return tf.linalg.diag(tf.cast(x > 0, tf.float32))


def jacobian_relu__right_integers(x):
    return np.diag((np.asarray(x) > 0).astype(np.float64) * 1)


def jacobian_relu__wrong_diagonal_for_matrix(x):
    return tf.cast(x > 0, tf.float32)


def jacobian_relu__wrong_mask_in_every_row(x):
    return np.tile((np.asarray(x) > 0) * 1.0, (len(x), 1))


def jacobian_relu__wrong_mask_in_every_column(x):
    return tf.repeat(tf.cast(x > 0, tf.float32)[:, None], x.shape[0], axis=1)


def jacobian_relu__wrong_outer_product_for_diagonal(x):
    slope = (np.asarray(x) > 0) * 1.0
    return np.outer(slope, slope)


def jacobian_relu__wrong_forward_value_on_diagonal(x):
    return tf.linalg.diag(tf.nn.relu(x))


def jacobian_relu__wrong_mask_upside_down(x):
    return tf.linalg.diag(tf.cast(x <= 0, tf.float32))


def jacobian_relu__wrong_nothing_blocked(x):
    return tf.eye(x.shape[0])


def jacobian_relu__wrong_nothing_blocked__numpy(x):
    return np.identity(len(x))


def jacobian_relu__wrong_slope_of_leaky_relu(x):
    return tf.linalg.diag(tf.where(x > 0, 1.0, 0.01))


def jacobian_relu__wrong_forward_value_returned(x):
    return tf.nn.relu(x)


def jacobian_relu__wrong_sign_flipped(x):
    return -tf.linalg.diag(tf.cast(x > 0, tf.float32))


def jacobian_relu__wrong_scaled_by_two(x):
    return 2 * tf.linalg.diag(tf.cast(x > 0, tf.float32))


def jacobian_relu__wrong_scaled_by_half(x):
    return tf.linalg.diag(tf.cast(x > 0, tf.float32)) / 2


def jacobian_relu__wrong_input_on_diagonal(x):
    return tf.linalg.diag(x)


def jacobian_relu__wrong_sign_on_diagonal(x):
    return tf.linalg.diag(tf.sign(x))


def jacobian_relu__wrong_smooth(x):
    return tf.linalg.diag(tf.sigmoid(x))


def jacobian_relu__wrong_mirrored_sideways(x):
    return np.fliplr(np.diag((np.asarray(x) > 0) * 1.0))


def jacobian_relu__wrong_ones_below(x):
    return np.tril(np.outer(np.asarray(x) > 0, np.ones(len(x))))


def jacobian_relu__wrong_axis_left_over(x):
    return tf.linalg.diag(tf.cast(x > 0, tf.float32))[None]


def jacobian_relu__wrong_blocked_rows_left_out(x):
    return np.eye(len(x))[np.asarray(x) > 0]


def jacobian_relu__wrong_three_only(x):
    J = np.zeros((3, 3))
    for i in range(3):
        J[i, i] = float(x[i] > 0)
    return J


def jacobian_relu__wrong_truth_values_returned(x):
    return np.diag(np.asarray(x) > 0)


def jacobian_relu__policy_tape(x):
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = tf.nn.relu(x)
    return tape.jacobian(z, x, experimental_use_pfor=False)


# ---------------------------------------------------------------------------------------------------
# jacobian_affine
# ---------------------------------------------------------------------------------------------------
def jacobian_affine__right_weights(W, x, b):
    return W


def jacobian_affine__right_identity(W, x, b):
    return tf.identity(W)


def jacobian_affine__right_copy(W, x, b):
    return np.array(W)


def jacobian_affine__right_loops(W, x, b):
    J = np.zeros((b.shape[0], x.shape[0]))
    for i in range(b.shape[0]):
        for j in range(x.shape[0]):
            J[i, j] = W[i, j]
    return J


def jacobian_affine__right_list(W, x, b):
    return np.asarray(W).tolist()


def jacobian_affine__right_unit_vectors(W, x, b):
    return tf.stack([tf.linalg.matvec(W, e) for e in tf.eye(x.shape[0])], axis=1)


def jacobian_affine__right_differences(W, x, b):
    z = lambda t: np.asarray(W, float) @ t + np.asarray(b, float)
    zero = np.zeros(x.shape[0])
    return np.stack([z(e) - z(zero) for e in np.eye(x.shape[0])], axis=1)


def jacobian_affine__right_product_with_identity(W, x, b):
    return tf.matmul(W, tf.eye(W.shape[1]))


def jacobian_affine__right_einsum(W, x, b):
    return np.einsum("ik,kj->ij", W, np.eye(x.shape[0]))


def jacobian_affine__right_kronecker_deltas(W, x, b):
    W = np.asarray(W)
    rows, columns = W.shape
    return np.array(
        [[sum(W[i, k] * (k == j) for k in range(columns)) for j in range(columns)] for i in range(rows)]
    )


def jacobian_affine__right_rows(W, x, b):
    return tf.stack([W[i] for i in range(W.shape[0])])


def jacobian_affine__right_columns(W, x, b):
    return tf.stack([W[:, j] for j in range(W.shape[1])], axis=1)


def jacobian_affine__right_transposed_twice(W, x, b):
    return tf.transpose(tf.transpose(W))


def jacobian_affine__right_float64(W, x, b):
    return np.asarray(W, dtype=np.float64)


def jacobian_affine__right_variable(W, x, b):
    return tf.Variable(W)


def jacobian_affine__right_sum_of_two(W, x, b):
    return W + tf.zeros([b.shape[0], x.shape[0]])


@tf.function
def jacobian_affine__right_tf_function(W, x, b):
    return W * 1.0


def jacobian_affine__wrong_transposed(W, x, b):
    return tf.transpose(W)


def jacobian_affine__wrong_transposed__numpy(W, x, b):
    return np.asarray(W).T


def jacobian_affine__wrong_weights_times_input(W, x, b):
    return W * x


def jacobian_affine__wrong_product_for_jacobian(W, x, b):
    return tf.linalg.matvec(W, x)


def jacobian_affine__wrong_jacobian_summed_over_outputs(W, x, b):
    return tf.reduce_sum(W, axis=0)


def jacobian_affine__wrong_jacobian_summed_over_inputs(W, x, b):
    return tf.reduce_sum(W, axis=1)


def jacobian_affine__wrong_jacobian_of_other_argument(W, x, b):
    return tf.eye(b.shape[0])


def jacobian_affine__wrong_constant_differentiated(W, x, b):
    return W + b[:, None]


def jacobian_affine__wrong_forward_value_returned(W, x, b):
    return tf.linalg.matvec(W, x) + b


def jacobian_affine__wrong_sign_flipped(W, x, b):
    return -W


def jacobian_affine__wrong_scaled_by_two(W, x, b):
    return W + W


def jacobian_affine__wrong_scaled_by_half(W, x, b):
    return W / 2


def jacobian_affine__wrong_all_ones(W, x, b):
    return tf.ones_like(W)


def jacobian_affine__wrong_diagonal_only(W, x, b):
    return W * tf.eye(W.shape[0], W.shape[1])


def jacobian_affine__wrong_jacobian_of_weights(W, x, b):
    return np.kron(np.eye(b.shape[0]), np.asarray(x))


def jacobian_affine__wrong_gram(W, x, b):
    return tf.matmul(W, W, transpose_a=True)


def jacobian_affine__wrong_flattened(W, x, b):
    return tf.reshape(W, [-1])


def jacobian_affine__wrong_divided_by_input(W, x, b):
    z = np.asarray(W) @ np.asarray(x) + np.asarray(b)
    return z[:, None] / np.asarray(x)


def jacobian_affine__wrong_constant_as_column(W, x, b):
    return tf.concat([W, b[:, None]], axis=1)


def jacobian_affine__wrong_constant_differentiated__columns(W, x, b):
    return np.stack([np.asarray(W) @ e + np.asarray(b) for e in np.eye(x.shape[0])], axis=1)


def jacobian_affine__wrong_mirrored_upside_down(W, x, b):
    return W[::-1]


def jacobian_affine__policy_tape(W, x, b):
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = tf.linalg.matvec(W, x) + b
    return tape.jacobian(z, x, experimental_use_pfor=False)


# ---------------------------------------------------------------------------------------------------
# affine
# ---------------------------------------------------------------------------------------------------
def affine__right_tensorflow(W, X, b, dz):
    dW = tf.matmul(dz, X, transpose_b=True)
    dX = tf.matmul(W, dz, transpose_a=True)
    return dW, dX, tf.reduce_sum(dz, axis=1)


def affine__right_operators(W, X, b, dz):
    return dz @ tf.transpose(X), tf.transpose(W) @ dz, tf.reduce_sum(dz, 1)


def affine__right_numpy(W, X, b, dz):
    W, X, dz = np.asarray(W), np.asarray(X), np.asarray(dz)
    return dz @ X.T, W.T @ dz, dz.sum(axis=1)


def affine__right_array_methods(W, X, b, dz):
    return dz.dot(X.T), W.T.dot(dz), dz.sum(1)


def affine__right_list(W, X, b, dz):
    return [dz @ X.T, W.T @ dz, np.sum(dz, axis=-1)]


def affine__right_einsum(W, X, b, dz):
    return tf.einsum("is,js->ij", dz, X), tf.einsum("ij,is->js", W, dz), tf.einsum("is->i", dz)


def affine__right_sample_by_sample(W, X, b, dz):
    W, X, b, dz = (np.asarray(t) for t in (W, X, b, dz))
    dW, dX, db = np.zeros_like(W), np.zeros_like(X), np.zeros_like(b)
    for s in range(X.shape[1]):
        dW += np.outer(dz[:, s], X[:, s])
        dX[:, s] = W.T @ dz[:, s]
        db += dz[:, s]
    return dW, dX, db


def affine__right_loops(W, X, b, dz):
    W, X, b, dz = (np.asarray(t) for t in (W, X, b, dz))
    dW, dX, db = np.zeros(W.shape), np.zeros(X.shape), np.zeros(b.shape)
    for i in range(dz.shape[0]):
        for s in range(dz.shape[1]):
            db[i] += dz[i, s]
            for k in range(X.shape[0]):
                dW[i, k] += dz[i, s] * X[k, s]
                dX[k, s] += W[i, k] * dz[i, s]
    return dW, dX, db


def affine__right_transposed(W, X, b, dz):
    W, X, dz = np.asarray(W), np.asarray(X), np.asarray(dz)
    return (X @ dz.T).T, (dz.T @ W).T, dz.T.sum(axis=0)


def affine__right_ones(W, X, b, dz):
    ones = tf.ones([dz.shape[1], 1])
    return dz @ tf.transpose(X), tf.transpose(W) @ dz, tf.squeeze(dz @ ones, axis=1)


def affine__right_matvec(W, X, b, dz):
    columns = [tf.linalg.matvec(W, dz[:, s], transpose_a=True) for s in range(dz.shape[1])]
    return tf.matmul(dz, X, transpose_b=True), tf.stack(columns, axis=1), tf.add_n(tf.unstack(dz, axis=1))


def affine__right_tensordot(W, X, b, dz):
    return np.tensordot(dz, X, (1, 1)), np.tensordot(W, dz, (0, 0)), np.einsum("is->i", dz)


def affine__right_extended(W, X, b, dz):
    with_ones = np.vstack([X, np.ones(X.shape[1])])
    both = np.asarray(dz) @ with_ones.T
    return both[:, :-1], np.transpose(W) @ np.asarray(dz), both[:, -1]


def affine__right_broadcast(W, X, b, dz):
    dW = tf.reduce_sum(dz[:, None, :] * X[None, :, :], axis=2)
    dX = tf.reduce_sum(W[:, :, None] * dz[:, None, :], axis=0)
    return dW, dX, tf.reduce_sum(dz, axis=1)


@tf.function
def affine__right_tf_function(W, X, b, dz):
    return tf.matmul(dz, X, transpose_b=True), tf.matmul(W, dz, transpose_a=True), tf.reduce_sum(dz, 1)


def affine__right_float64(W, X, b, dz):
    W, X, dz = (np.asarray(t, np.float64) for t in (W, X, dz))
    return dz @ X.T, W.T @ dz, dz.sum(axis=1)


def affine__right_dictionary_inside(W, X, b, dz):
    gradients = {"W": dz @ tf.transpose(X), "X": tf.transpose(W) @ dz, "b": tf.reduce_sum(dz, axis=1)}
    return gradients["W"], gradients["X"], gradients["b"]


def affine__wrong_order_rotated(W, X, b, dz):
    return tf.reduce_sum(dz, 1), dz @ tf.transpose(X), tf.transpose(W) @ dz


def affine__wrong_upstream_ignored(W, X, b, dz):
    ones = tf.ones_like(dz)
    return ones @ tf.transpose(X), tf.transpose(W) @ ones, tf.reduce_sum(ones, axis=1)


def affine__wrong_sign_flipped(W, X, b, dz):
    return -dz @ tf.transpose(X), -tf.transpose(W) @ dz, -tf.reduce_sum(dz, 1)


def affine__wrong_scaled_by_two(W, X, b, dz):
    twice = dz + dz
    return twice @ tf.transpose(X), tf.transpose(W) @ twice, tf.reduce_sum(twice, axis=1)


def affine__wrong_scaled_by_1_over_samples(W, X, b, dz):
    mean = dz / X.shape[1]
    return mean @ tf.transpose(X), tf.transpose(W) @ mean, tf.reduce_sum(mean, axis=1)


def affine__wrong_upstream_squared(W, X, b, dz):
    return dz**2 @ tf.transpose(X), tf.transpose(W) @ dz**2, tf.reduce_sum(dz**2, 1)


def affine__wrong_upstream_sign_lost(W, X, b, dz):
    size = tf.abs(dz)
    return size @ tf.transpose(X), tf.transpose(W) @ size, tf.reduce_sum(size, axis=1)


def affine__wrong_matmul_order_swapped_in_dw__rows_are_samples(W, X, b, dz):
    return tf.transpose(X) @ dz, dz @ tf.transpose(W), tf.reduce_sum(dz, 0)


def affine__wrong_multiplied_by_own_argument(W, X, b, dz):
    return W * (dz @ tf.transpose(X)), X * (tf.transpose(W) @ dz), b * tf.reduce_sum(dz, axis=1)


def affine__wrong_local_factors(W, X, b, dz):
    return tf.transpose(X), tf.transpose(W), tf.ones_like(b)


def affine__wrong_matmul_transpose_missing_in_dw__nothing_transposed(W, X, b, dz):
    return dz @ X, W @ dz, tf.reduce_sum(dz, axis=1, keepdims=True)


def affine__wrong_output_missing(W, X, b, dz):
    return dz @ tf.transpose(X)


def affine__wrong_two_returned(W, X, b, dz):
    return dz @ tf.transpose(X), tf.transpose(W) @ dz


def affine__wrong_forward_value_returned(W, X, b, dz):
    z = W @ X + b[:, None]
    return z, z, z


def affine__wrong_last_sample_only_in_dw__everywhere(W, X, b, dz):
    W, X, dz = np.asarray(W), np.asarray(X), np.asarray(dz)
    for s in range(X.shape[1]):
        dW, column, db = np.outer(dz[:, s], X[:, s]), W.T @ dz[:, s], dz[:, s]
    return dW, np.tile(column[:, None], (1, X.shape[1])), db


def affine__wrong_nothing_returned(W, X, b, dz):
    dW = dz @ tf.transpose(X)


def affine__partial_all_zero__dw(W, X, b, dz):
    return tf.zeros_like(W), tf.transpose(W) @ dz, tf.reduce_sum(dz, axis=1)


def affine__partial_broadcast_summed_over_wrong_axis(W, X, b, dz):
    return dz @ tf.transpose(X), tf.transpose(W) @ dz, tf.reduce_sum(dz, 0)


def affine__partial_summed_to_one_number(W, X, b, dz):
    return dz @ tf.transpose(X), tf.transpose(W) @ dz, tf.reduce_sum(dz)


def affine__partial_broadcast_everything_summed(W, X, b, dz):
    return dz @ tf.transpose(X), tf.transpose(W) @ dz, tf.fill(b.shape, tf.reduce_sum(dz))


def affine__partial_broadcast_not_summed(W, X, b, dz):
    return dz @ tf.transpose(X), tf.transpose(W) @ dz, dz


def affine__partial_broadcast_axes_kept(W, X, b, dz):
    return dz @ tf.transpose(X), tf.transpose(W) @ dz, tf.reduce_sum(dz, axis=1, keepdims=True)


def affine__partial_broadcast_first_copy_only(W, X, b, dz):
    return dz @ tf.transpose(X), tf.transpose(W) @ dz, dz[:, 0]


def affine__partial_last_sample_only_in_db(W, X, b, dz):
    return dz @ tf.transpose(X), tf.transpose(W) @ dz, dz[:, -1]


def affine__partial_transposed_dw(W, X, b, dz):
    return X @ tf.transpose(dz), tf.transpose(W) @ dz, tf.reduce_sum(dz, 1)


def affine__partial_transposed_dx(W, X, b, dz):
    return dz @ tf.transpose(X), tf.transpose(dz) @ W, tf.reduce_sum(dz, 1)


def affine__partial_product_of_sums_in_dw(W, X, b, dz):
    dW = tf.reduce_sum(dz, 1)[:, None] * tf.reduce_sum(X, 1)[None, :]
    return dW, tf.transpose(W) @ dz, tf.reduce_sum(dz, 1)


def affine__partial_last_sample_only_in_dw(W, X, b, dz):
    for s in range(X.shape[1]):
        dW = dz[:, s][:, None] * X[:, s][None, :]
    return dW, tf.transpose(W) @ dz, tf.reduce_sum(dz, 1)


def affine__partial_first_sample_only_in_dw(W, X, b, dz):
    for s in range(X.shape[1]):
        dW = dz[:, s][:, None] * X[:, s][None, :]
        break
    return dW, tf.transpose(W) @ dz, tf.reduce_sum(dz, 1)


def affine__partial_constant_differentiated(W, X, b, dz):
    return dz @ tf.transpose(X), tf.transpose(W) @ (dz + b[:, None]), tf.reduce_sum(dz, axis=1)


def affine__partial_outputs_swapped(W, X, b, dz):
    return tf.transpose(W) @ dz, dz @ tf.transpose(X), tf.reduce_sum(dz, axis=1)


def affine__policy_tape(W, X, b, dz):
    with tf.GradientTape() as tape:
        tape.watch([W, X, b])
        z = W @ X + b[:, None]
    return tuple(tape.gradient(z, [W, X, b], output_gradients=dz))


# ---------------------------------------------------------------------------------------------------
# conv2d_x
# ---------------------------------------------------------------------------------------------------
def conv2d_x__right_scattered(x, w, dz):
    x, w, dz = np.asarray(x), np.asarray(w), np.asarray(dz)
    dx = np.zeros_like(x)
    for i in range(dz.shape[0]):
        for j in range(dz.shape[1]):
            dx[i : i + w.shape[0], j : j + w.shape[1]] += dz[i, j] * w
    return dx


def conv2d_x__right_weight_by_weight(x, w, dz):
    x, w, dz = np.asarray(x), np.asarray(w), np.asarray(dz)
    dx = np.zeros_like(x)
    for u in range(w.shape[0]):
        for v in range(w.shape[1]):
            dx[u : u + dz.shape[0], v : v + dz.shape[1]] += w[u, v] * dz
    return dx


def conv2d_x__right_padded_slices(x, w, dz):
    rows, columns = w.shape
    dx = tf.zeros_like(x)
    for u in range(rows):
        for v in range(columns):
            dx += tf.pad(w[u, v] * dz, [[u, rows - 1 - u], [v, columns - 1 - v]])
    return dx


def conv2d_x__right_four_loops(x, w, dz):
    x, w, dz = np.asarray(x), np.asarray(w), np.asarray(dz)
    dx = np.zeros(x.shape)
    for i in range(dz.shape[0]):
        for j in range(dz.shape[1]):
            for u in range(w.shape[0]):
                for v in range(w.shape[1]):
                    dx[i + u, j + v] += dz[i, j] * w[u, v]
    return dx


def conv2d_x__right_gathered(x, w, dz):
    x, w, dz = np.asarray(x), np.asarray(w), np.asarray(dz)
    padded = np.pad(dz, [(n - 1, n - 1) for n in w.shape])
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(*x.shape):
        dx[i, j] = np.sum(padded[i : i + w.shape[0], j : j + w.shape[1]] * w[::-1, ::-1])
    return dx


def conv2d_x__right_pixel_by_pixel(x, w, dz):
    x, w, dz = np.asarray(x), np.asarray(w), np.asarray(dz)
    dx = np.zeros(x.shape)
    for k, l in np.ndindex(*x.shape):
        for i, j in np.ndindex(*dz.shape):
            if 0 <= k - i < w.shape[0] and 0 <= l - j < w.shape[1]:
                dx[k, l] += dz[i, j] * w[k - i, l - j]
    return dx


def conv2d_x__right_tensorflow(x, w, dz):
    padded = tf.pad(dz, [[n - 1, n - 1] for n in w.shape])
    turned = tf.reverse(w, [0, 1])
    return tf.nn.conv2d(padded[None, :, :, None], turned[:, :, None, None], 1, "VALID")[0, :, :, 0]


def conv2d_x__right_image_layout(x, w, dz):
    padded = tf.pad(dz, [[n - 1, n - 1] for n in w.shape])
    return tf.nn.convolution(padded[None, :, :, None], w[::-1, ::-1, None, None])


def conv2d_x__right_explicit_padding(x, w, dz):
    edges = [[0, 0], *([n - 1, n - 1] for n in w.shape), [0, 0]]
    return tf.nn.conv2d(dz[None, :, :, None], w[::-1, ::-1, None, None], 1, edges)[0, :, :, 0]


def conv2d_x__right_matrix(x, w, dz):
    def correlate(image):
        r, s = w.shape
        return np.array(
            [
                [np.sum(image[i : i + r, j : j + s] * w) for j in range(dz.shape[1])]
                for i in range(dz.shape[0])
            ]
        )

    C = np.stack([correlate(e.reshape(x.shape)).ravel() for e in np.eye(np.size(x))], axis=1)
    return (C.T @ np.ravel(dz)).reshape(x.shape)


def conv2d_x__right_jacobian(x, w, dz):
    J = np.zeros((*dz.shape, *x.shape))
    for i, j in np.ndindex(*dz.shape):
        J[i, j, i : i + w.shape[0], j : j + w.shape[1]] = w
    return np.tensordot(dz, J, 2)


def conv2d_x__right_einsum(x, w, dz):
    rows = np.stack([np.eye(x.shape[0])[u : u + dz.shape[0]] for u in range(w.shape[0])])
    columns = np.stack([np.eye(x.shape[1])[v : v + dz.shape[1]] for v in range(w.shape[1])])
    return np.einsum("ij,uv,uik,vjl->kl", dz, w, rows, columns)


def conv2d_x__right_sliding_windows(x, w, dz):
    padded = np.pad(np.asarray(dz), [(n - 1, n - 1) for n in w.shape])
    windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape)
    return np.einsum("klab,ab->kl", windows, np.flip(w))


def conv2d_x__right_fourier(x, w, dz):
    size = x.shape
    product = np.fft.rfft2(np.asarray(dz, float), size) * np.fft.rfft2(np.asarray(w, float), size)
    return np.fft.irfft2(product, size)


def conv2d_x__right_rows_convolved(x, w, dz):
    w, dz = np.asarray(w), np.asarray(dz)
    dx = np.zeros(x.shape)
    for i in range(dz.shape[0]):
        for u in range(w.shape[0]):
            dx[i + u] += np.convolve(dz[i], w[u])
    return dx


def conv2d_x__right_add_at(x, w, dz):
    dx = np.zeros(x.shape)
    i, j, u, v = np.indices((*dz.shape, *w.shape))
    np.add.at(dx, (i + u, j + v), np.multiply.outer(np.asarray(dz), np.asarray(w)))
    return dx


def conv2d_x__right_lists(x, w, dz):
    x, w, dz = (np.asarray(t).tolist() for t in (x, w, dz))
    dx = [[0.0] * len(x[0]) for _ in x]
    for i, row in enumerate(dz):
        for j, upstream in enumerate(row):
            for u, weights in enumerate(w):
                for v, weight in enumerate(weights):
                    dx[i + u][j + v] += upstream * weight
    return dx


def conv2d_x__right_variable(x, w, dz):
    dx = tf.Variable(tf.zeros_like(x))
    for i in range(dz.shape[0]):
        for j in range(dz.shape[1]):
            patch = dx[i : i + w.shape[0], j : j + w.shape[1]]
            patch.assign(patch + dz[i, j] * w)
    return dx


def conv2d_x__right_float64(x, w, dz):
    w, dz = np.asarray(w, np.float64), np.asarray(dz, np.float64)
    dx = np.zeros(x.shape)
    for (u, v), weight in np.ndenumerate(w):
        dx[u : u + dz.shape[0], v : v + dz.shape[1]] += weight * dz
    return dx


def conv2d_x__right_transposed_layer(x, w, dz):
    upstream, kernel = dz[None, :, :, None], w[:, :, None, None]
    return tf.nn.conv2d_transpose(upstream, kernel, (1, *x.shape, 1), 1, "VALID")[0, :, :, 0]


def conv2d_x__wrong_filter_rotated(x, w, dz):
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(*dz.shape):
        dx[i : i + w.shape[0], j : j + w.shape[1]] += dz[i, j] * w[::-1, ::-1]
    return dx


def conv2d_x__wrong_filter_rotated__not_turned(x, w, dz):
    padded = tf.pad(dz, [[n - 1, n - 1] for n in w.shape])
    return tf.nn.conv2d(padded[None, :, :, None], w[:, :, None, None], 1, "VALID")[0, :, :, 0]


def conv2d_x__wrong_filter_mirrored_sideways(x, w, dz):
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(*dz.shape):
        dx[i : i + w.shape[0], j : j + w.shape[1]] += dz[i, j] * w[:, ::-1]
    return dx


def conv2d_x__wrong_filter_mirrored_upside_down(x, w, dz):
    padded = tf.pad(dz, [[n - 1, n - 1] for n in w.shape])
    return tf.nn.conv2d(padded[None, :, :, None], w[:, ::-1, None, None], 1, "VALID")[0, :, :, 0]


def conv2d_x__wrong_filter_transposed(x, w, dz):
    w = np.transpose(w)
    dx = np.zeros((dz.shape[0] + w.shape[0] - 1, dz.shape[1] + w.shape[1] - 1))
    for i, j in np.ndindex(*dz.shape):
        dx[i : i + w.shape[0], j : j + w.shape[1]] += dz[i, j] * w
    return dx


def conv2d_x__wrong_valid_for_full(x, w, dz):
    return tf.nn.conv2d(dz[None, :, :, None], w[:, :, None, None], 1, "VALID")[0, :, :, 0]


def conv2d_x__wrong_valid_for_full_filter_rotated(x, w, dz):
    return tf.nn.conv2d(dz[None, :, :, None], w[::-1, ::-1, None, None], 1, "VALID")[0, :, :, 0]


def conv2d_x__wrong_windows_overwritten(x, w, dz):
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(*dz.shape):
        dx[i : i + w.shape[0], j : j + w.shape[1]] = dz[i, j] * w
    return dx


def conv2d_x__wrong_upstream_rotated(x, w, dz):
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(*dz.shape):
        dx[i : i + w.shape[0], j : j + w.shape[1]] += dz[-1 - i, -1 - j] * w
    return dx


def conv2d_x__wrong_upstream_transposed(x, w, dz):
    dz = np.transpose(dz)
    dx = np.zeros((dz.shape[0] + w.shape[0] - 1, dz.shape[1] + w.shape[1] - 1))
    for i, j in np.ndindex(*dz.shape):
        dx[i : i + w.shape[0], j : j + w.shape[1]] += dz[i, j] * w
    return dx


def conv2d_x__wrong_gradient_of_other_argument(x, w, dz):
    return tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID")[0, :, :, 0]


def conv2d_x__wrong_multiplied_by_own_argument(x, w, dz):
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(*dz.shape):
        dx[i : i + w.shape[0], j : j + w.shape[1]] += dz[i, j] * w
    return dx * np.asarray(x)


def conv2d_x__wrong_upstream_ignored(x, w, dz):
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(*dz.shape):
        dx[i : i + w.shape[0], j : j + w.shape[1]] += w
    return dx


def conv2d_x__wrong_sign_flipped(x, w, dz):
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(*dz.shape):
        dx[i : i + w.shape[0], j : j + w.shape[1]] -= dz[i, j] * w
    return dx


def conv2d_x__wrong_upstream_sign_lost(x, w, dz):
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(*dz.shape):
        dx[i : i + w.shape[0], j : j + w.shape[1]] += abs(dz[i, j]) * w
    return dx


def conv2d_x__wrong_rotated_by_180_degrees(x, w, dz):
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(*dz.shape):
        dx[i : i + w.shape[0], j : j + w.shape[1]] += dz[i, j] * w
    return dx[::-1, ::-1]


def conv2d_x__wrong_forward_value_returned(x, w, dz):
    return tf.nn.conv2d(x[None, :, :, None], w[:, :, None, None], 1, "VALID")[0, :, :, 0]


def conv2d_x__wrong_averaged_over_windows(x, w, dz):
    dx, count = np.zeros(x.shape), np.zeros(x.shape)
    for i, j in np.ndindex(*dz.shape):
        dx[i : i + w.shape[0], j : j + w.shape[1]] += dz[i, j] * w
        count[i : i + w.shape[0], j : j + w.shape[1]] += 1
    return dx / count


def conv2d_x__wrong_same_padding(x, w, dz):
    padded = tf.pad(dz, [[0, x.shape[0] - dz.shape[0]], [0, x.shape[1] - dz.shape[1]]])
    return tf.nn.conv2d(padded[None, :, :, None], w[::-1, ::-1, None, None], 1, "SAME")[0, :, :, 0]


def conv2d_x__wrong_filter_summed(x, w, dz):
    dx = np.zeros(x.shape)
    dx[: dz.shape[0], : dz.shape[1]] = dz * np.sum(w)
    return dx


def conv2d_x__wrong_border_forgotten(x, w, dz):
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(dz.shape[0] - 1, dz.shape[1]):
        dx[i : i + w.shape[0], j : j + w.shape[1]] += dz[i, j] * w
    return dx


def conv2d_x__wrong_only_where_the_filter_starts(x, w, dz):
    dx = np.zeros(x.shape)
    for i, j in np.ndindex(*dz.shape):
        dx[i, j] += np.sum(dz[i, j] * w)
    return dx


def conv2d_x__wrong_nothing_returned(x, w, dz):
    dx = tf.zeros_like(x)


def conv2d_x__policy_tape(x, w, dz):
    image = x[None, :, :, None]
    with tf.GradientTape() as tape:
        tape.watch(image)
        z = tf.nn.conv2d(image, w[:, :, None, None], 1, "VALID")
    return tape.gradient(z, image, output_gradients=dz[None, :, :, None])[0, :, :, 0]


def conv2d_x__policy_kernel(x, w, dz):
    kernel, upstream = w[:, :, None, None], dz[None, :, :, None]
    return tf.raw_ops.Conv2DBackpropInput(
        input_sizes=[1, *x.shape, 1],
        filter=kernel,
        out_backprop=upstream,
        strides=[1, 1, 1, 1],
        padding="VALID",
    )[0, :, :, 0]
