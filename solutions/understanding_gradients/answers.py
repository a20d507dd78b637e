"""Many ways to answer understanding_gradients, right and wrong. For instructors: never hand this out.

The name says what to expect:

    <exercise>__right_<style>                  all points
    <exercise>__extreme_<mistake>              right but for extreme inputs, or changes what it was given: 0.8
    <exercise>__wrong_<mistake>                no points; where the mistake has an id, that id must be named
    <exercise>__policy_<way>                   lets something else differentiate: no points

What follows a second double underscore tells ways to the same thing apart. Each function stands for
itself and needs only np and tf, as in the notebook: its text is put into a notebook cell under the name
that the exercise asks for. The made-up class hands these in, and the tests judge every one of them.
"""

import numpy as np
import tensorflow as tf

# ---------------------------------------------------------------------------------------------------
# sigmoid: right
# ---------------------------------------------------------------------------------------------------


def sigmoid__right_tensorflow(x, dz):
    s = tf.sigmoid(x)
    return dz * s * (1 - s)


def sigmoid__right_other_bracketing(x, dz):
    s = tf.sigmoid(x)
    return dz * (s - s**2)


def sigmoid__right_reflected(x, dz):
    return dz * tf.sigmoid(x) * tf.sigmoid(-x)


def sigmoid__right_numpy(x, dz):
    s = 1 / (1 + np.exp(-np.array(x)))
    return np.array(dz) * s * (1 - s)


def sigmoid__right_numpy_functions_on_tensors(x, dz):
    s = np.divide(1.0, np.add(1.0, np.exp(np.negative(x))))
    return np.multiply(dz, np.multiply(s, np.subtract(1.0, s)))


def sigmoid__right_loop(x, dz):
    result = []
    for xi, dzi in zip(x, dz):
        s = 1 / (1 + np.exp(-float(xi)))
        result.append(float(dzi) * s * (1 - s))
    return result


def sigmoid__right_tuple(x, dz):
    s = tf.sigmoid(x).numpy()
    return tuple(float(dz[i]) * float(s[i]) * (1 - float(s[i])) for i in range(len(s)))


def sigmoid__right_list_of_tensors(x, dz):
    return [dz[i] * tf.sigmoid(x[i]) * tf.sigmoid(-x[i]) for i in range(x.shape[0])]


def sigmoid__right_einsum(x, dz):
    s = tf.sigmoid(x)
    return tf.einsum("i,i,i->i", dz, s, 1 - s)


def sigmoid__right_jacobian(x, dz):
    s = tf.sigmoid(x)
    return tf.linalg.matvec(tf.linalg.diag(s * (1 - s)), dz)


def sigmoid__right_jacobian_numpy(x, dz):
    x, dz = np.asarray(x), np.asarray(dz)
    J = np.zeros((x.size, x.size))
    for i in range(x.size):
        for j in range(x.size):
            if i == j:
                s = 1 / (1 + np.exp(-np.float64(x[i])))
                J[i, j] = s * (1 - s)
    return J.T @ dz


def sigmoid__right_variable(x, dz):
    answer = tf.Variable(tf.zeros_like(x))
    s = tf.sigmoid(x)
    answer.assign(s * (1.0 - s))
    answer.assign(answer * dz)
    return answer


@tf.function
def sigmoid__right_tf_function(x, dz):
    s = tf.sigmoid(x)
    return dz * s * (1 - s)


def sigmoid__right_inner_tf_function(x, dz):
    @tf.function
    def slope(t):
        return tf.sigmoid(t) * (1.0 - tf.sigmoid(t))

    return slope(x) * dz


def sigmoid__right_float64_inside(x, dz):
    s = tf.sigmoid(tf.cast(x, tf.float64))
    return tf.cast(tf.cast(dz, tf.float64) * s * (1 - s), tf.float32)


def sigmoid__right_float64_returned(x, dz):
    x, dz = np.array(x, dtype=np.float64), np.array(dz, dtype=np.float64)
    return dz * np.exp(-np.abs(x)) / (1 + np.exp(-np.abs(x))) ** 2


def sigmoid__right_tanh(x, dz):
    return 0.25 * dz * (1 - tf.tanh(x / 2) ** 2)


def sigmoid__right_cosh(x, dz):
    return dz / (4 * tf.cosh(x / 2) ** 2)


def sigmoid__right_logarithms(x, dz):
    return dz * tf.exp(tf.math.log_sigmoid(x) + tf.math.log_sigmoid(-x))


def sigmoid__right_two_fractions(x, dz):
    return dz / (1 + tf.exp(-x)) / (1 + tf.exp(x))


def sigmoid__right_item_assignment(x, dz):
    answer = np.zeros(x.shape, dtype=np.float32)
    for i in range(len(answer)):
        s = tf.sigmoid(x[i])
        answer[i] = dz[i] * s * (1 - s)
    return answer


def sigmoid__right_masks(x, dz):
    """For arrays: a tensor cannot be indexed with a mask."""
    s = np.empty_like(x)
    positive = x >= 0
    s[positive] = 1 / (1 + np.exp(-x[positive]))
    e = np.exp(x[~positive])
    s[~positive] = e / (1 + e)
    return dz * s * (1 - s)


def sigmoid__right_method_calls(x, dz):
    """Takes tensors only."""
    x, dz = x.numpy(), dz.numpy()
    s = 1 / (1 + np.exp(-x.astype("float64")))
    return (dz * s * (1 - s)).tolist()


def sigmoid__right_map_fn(x, dz):
    def one(pair):
        s = tf.sigmoid(pair[0])
        return pair[1] * s * (1 - s)

    return tf.map_fn(one, (x, dz), fn_output_signature=tf.float32)


def sigmoid__right_vectorize(x, dz):
    def one(t, upstream):
        s = 0.5 * (1 + np.tanh(0.5 * t))
        return upstream * s * (1 - s)

    return np.vectorize(one)(np.array(x, np.float64), np.array(dz, np.float64))


def sigmoid__right_helper_inside(x, dz):
    def sigma(t):
        return 1.0 / (1.0 + tf.exp(-t))

    def slope(t):
        return sigma(t) * (1.0 - sigma(t))

    return tf.multiply(slope(x), dz)


def sigmoid__right_columns(x, dz):
    column = tf.reshape(tf.sigmoid(x), (-1, 1))
    product = column * (1 - column) * tf.reshape(dz, (-1, 1))
    return tf.squeeze(product, axis=1)


def sigmoid__right_keras(x, dz):
    s = tf.keras.activations.sigmoid(x)
    return tf.math.multiply(dz, tf.math.multiply(s, 1 - s))


def sigmoid__right_where(x, dz):
    e = tf.exp(-tf.abs(x))
    s = tf.where(x >= 0, 1 / (1 + e), e / (1 + e))
    return s * (1 - s) * dz


def sigmoid__right_stop_gradient(x, dz):
    s = tf.stop_gradient(tf.nn.sigmoid(x))
    return tf.identity(dz * s * (1 - s), name="grad")


def sigmoid__right_copies_then_writes(x, dz):
    answer = np.array(x)
    answer *= -1
    np.exp(answer, out=answer)
    answer += 1
    np.reciprocal(answer, out=answer)
    answer *= 1 - answer
    answer *= np.array(dz)
    return answer


def sigmoid__right_finite_differences(x, dz):
    """Remarked on, perhaps, but not forbidden."""
    x, h = np.array(x, np.float64), 1e-5

    def sigma(t):
        return 0.5 * (1 + np.tanh(0.5 * t))

    return np.array(dz) * (sigma(x + h) - sigma(x - h)) / (2 * h)


def sigmoid__right_default_argument(x, dz, one=1.0):
    s = one / (one + tf.exp(-x))
    return dz * s * (one - s)


def sigmoid__right_other_names(inputs, upstream):
    gradients = tf.nn.sigmoid(inputs)
    gradients = gradients * (1 - gradients)
    return gradients * upstream


# ---------------------------------------------------------------------------------------------------
# sigmoid: right but for extremes, or changes its arguments
# ---------------------------------------------------------------------------------------------------


def sigmoid__extreme_overflow_in_exp(x, dz):
    return dz * tf.exp(-x) / (1 + tf.exp(-x)) ** 2


def sigmoid__extreme_overflow_in_exp__numpy(x, dz):
    e = np.exp(-np.array(x))
    return np.array(dz) * e / (1 + e) ** 2


def sigmoid__extreme_overflow_in_exp__positive_side(x, dz):
    e = tf.exp(x)
    return dz * e / (1 + e) ** 2


def sigmoid__extreme_inputs_changed(x, dz):
    s = 1 / (1 + np.exp(-np.array(x)))
    dz *= s * (1 - s)
    return dz


def sigmoid__extreme_inputs_changed__asarray(x, dz):
    x = np.asarray(x)
    x = x if x.flags.writeable else x.copy()
    np.tanh(np.multiply(x, 0.5, out=x), out=x)
    return 0.25 * (1 - x**2) * np.asarray(dz)


# ---------------------------------------------------------------------------------------------------
# sigmoid: wrong
# ---------------------------------------------------------------------------------------------------


def sigmoid__wrong_sigmoid_of_one_minus_x(x, dz):
    return dz * tf.sigmoid(x) * tf.sigmoid(1 - x)


def sigmoid__wrong_sigmoid_of_one_minus_x__numpy(x, dz):
    def sigma(t):
        return 1 / (1 + np.exp(-np.array(t)))

    return np.array(dz) * sigma(x) * sigma(1 - x)


def sigmoid__wrong_upstream_ignored(x, dz):
    s = tf.sigmoid(x)
    return s * (1 - s)


def sigmoid__wrong_upstream_ignored__list(x, dz):
    s = [1 / (1 + np.exp(-float(t))) for t in x]
    return [a * (1 - a) for a in s]


def sigmoid__wrong_slope_from_input(x, dz):
    return dz * x * (1 - x)


def sigmoid__wrong_sigmoid_twice(x, dz):
    s = tf.sigmoid(tf.sigmoid(x))
    return dz * s * (1 - s)


def sigmoid__wrong_half_the_product_rising(x, dz):
    return dz / (1 + tf.exp(-x))


def sigmoid__wrong_half_the_product_falling(x, dz):
    return dz * (1 - tf.sigmoid(x))


def sigmoid__wrong_half_the_product_falling__square_forgotten(x, dz):
    return dz * tf.exp(-x) / (1 + tf.exp(-x))


def sigmoid__wrong_sign_flipped(x, dz):
    s = tf.sigmoid(x)
    return dz * s * (s - 1)


def sigmoid__wrong_sign_flipped__from_exponent(x, dz):
    s = 1 / (1 + np.exp(-np.array(x)))
    return -np.array(dz) * s * (1 - s)


def sigmoid__wrong_slope_of_tanh(x, dz):
    return dz * (1 - tf.sigmoid(x) ** 2)


def sigmoid__wrong_summed_to_one_number(x, dz):
    s = tf.sigmoid(x)
    return tf.reduce_sum(dz * s * (1 - s))


def sigmoid__wrong_summed_to_one_number__dot(x, dz):
    s = tf.sigmoid(x)
    return tf.tensordot(dz, s * (1 - s), 1)


def sigmoid__wrong_slope_at_upstream(x, dz):
    s = tf.sigmoid(dz)
    return dz * s * (1 - s)


def sigmoid__wrong_upstream_added(x, dz):
    s = tf.sigmoid(x)
    return dz + s * (1 - s)


def sigmoid__wrong_upstream_squared(x, dz):
    s = tf.sigmoid(x)
    return dz**2 * s * (1 - s)


def sigmoid__wrong_upstream_sign_lost(x, dz):
    s = tf.sigmoid(x)
    return tf.abs(dz) * s * (1 - s)


def sigmoid__wrong_upstream_clipped(x, dz):
    s = tf.sigmoid(x)
    return tf.nn.relu(dz) * s * (1 - s)


def sigmoid__wrong_scaled_by_1_over_n(x, dz):
    s = tf.sigmoid(x)
    return dz * s * (1 - s) / x.shape[0]


def sigmoid__wrong_scaled_by_two(x, dz):
    s = tf.sigmoid(x)
    return dz * s * (1 - s) + dz * s * (1 - s)


def sigmoid__wrong_scaled_by_half(x, dz):
    return 0.5 * dz * (tf.sigmoid(x) - tf.sigmoid(x) ** 2)


def sigmoid__wrong_forward_value_returned(x, dz):
    return tf.sigmoid(x)


def sigmoid__wrong_jacobian_not_summed(x, dz):
    s = tf.sigmoid(x)
    return tf.linalg.diag(dz * s * (1 - s))


def sigmoid__wrong_axis_left_over__row(x, dz):
    s = tf.sigmoid(x)
    return tf.reshape(dz * s * (1 - s), (1, -1))


def sigmoid__wrong_axis_left_over__column(x, dz):
    s = tf.sigmoid(x)
    return (dz * s * (1 - s))[:, None]


def sigmoid__wrong_integers_returned(x, dz):
    s = tf.sigmoid(x)
    return tf.cast(dz * s * (1 - s), tf.int32)


def sigmoid__wrong_complex_returned(x, dz):
    s = tf.sigmoid(x)
    return tf.cast(dz * s * (1 - s), tf.complex64)


def sigmoid__wrong_objects_returned(x, dz):
    s = 1 / (1 + np.exp(-np.array(x)))
    return (np.array(dz) * s * (1 - s)).astype(object)


def sigmoid__wrong_truth_values_returned(x, dz):
    return tf.sigmoid(x) > 0.5


def sigmoid__wrong_nothing_returned(x, dz):
    s = tf.sigmoid(x)
    answer = dz * s * (1 - s)


def sigmoid__wrong_printed_instead(x, dz):
    s = tf.sigmoid(x)
    print(dz * s * (1 - s))


def sigmoid__wrong_text_returned(x, dz):
    s = 1 / (1 + np.exp(-np.array(x)))
    return str(np.array(dz) * s * (1 - s))


def sigmoid__wrong_texts_returned(x, dz):
    s = 1 / (1 + np.exp(-np.array(x)))
    return [f"{value:.8f}" for value in np.array(dz) * s * (1 - s)]


def sigmoid__wrong_dictionary_returned(x, dz):
    s = tf.sigmoid(x)
    return {"dx": dz * s * (1 - s)}


def sigmoid__wrong_function_returned(x, dz):
    return lambda: dz * tf.sigmoid(x) * tf.sigmoid(-x)


def sigmoid__wrong_generator_returned(x, dz):
    for a, b in zip(x, dz):
        yield b * tf.sigmoid(a) * tf.sigmoid(-a)


def sigmoid__wrong_two_returned(x, dz):
    s = tf.sigmoid(x)
    return s, dz * s * (1 - s)


def sigmoid__wrong_number_returned(x, dz):
    return 0.25


def sigmoid__wrong_printed_example(x, dz):
    return tf.constant([0.04517666, 0.03532541, 0.01994417])


def sigmoid__wrong_printed_example__stretched(x, dz):
    return np.resize([0.04517666, 0.03532541, 0.01994417], len(x))


def sigmoid__wrong_length_three_only(x, dz):
    s = [tf.sigmoid(x[0]), tf.sigmoid(x[1]), tf.sigmoid(x[2])]
    return [dz[0] * s[0] * (1 - s[0]), dz[1] * s[1] * (1 - s[1]), dz[2] * s[2] * (1 - s[2])]


def sigmoid__wrong_first_call_only(x, dz, calls=[]):
    calls.append(1)
    s = tf.sigmoid(x)
    return dz * s * (1 - s) * (1.0 if len(calls) == 1 else 0.5)


def sigmoid__wrong_cached_by_shape(x, dz, slopes={}):
    n = len(x)
    if n not in slopes:
        slopes[n] = tf.sigmoid(x) * (1 - tf.sigmoid(x))
    return dz * slopes[n]


def sigmoid__wrong_cached_answer_by_shape(x, dz, answers={}):
    if len(x) not in answers:
        answers[len(x)] = dz * tf.sigmoid(x) * (1 - tf.sigmoid(x))
    return answers[len(x)]


def sigmoid__wrong_accumulated(x, dz, sums={}):
    s = tf.sigmoid(x)
    sums[len(x)] = sums.get(len(x), 0.0) + dz * s * (1 - s)
    return sums[len(x)]


def sigmoid__wrong_clipped_inputs(x, dz):
    s = tf.sigmoid(tf.clip_by_value(x, -1.0, 1.0))
    return dz * s * (1 - s)


def sigmoid__wrong_rounded(x, dz):
    s = tf.sigmoid(x)
    return np.round(dz * s * (1 - s), 2)


def sigmoid__wrong_safety_term(x, dz):
    s = tf.sigmoid(x)
    return dz * s * (1 - s) + 1e-4


def sigmoid__wrong_relu_slope(x, dz):
    return dz * tf.cast(x > 0, tf.float32)


def sigmoid__wrong_arguments_exchanged(dz, x):
    s = tf.sigmoid(x)
    return dz * s * (1 - s)


def sigmoid__wrong_sorted(x, dz):
    s = tf.sigmoid(x)
    return tf.sort(dz * s * (1 - s))


def sigmoid__wrong_reversed(x, dz):
    s = tf.sigmoid(x)
    return tf.reverse(dz * s * (1 - s), [0])


def sigmoid__wrong_one_entry_forgotten(x, dz):
    answer = np.zeros(len(x))
    for i in range(1, len(x)):
        s = 1 / (1 + np.exp(-float(x[i])))
        answer[i] = dz[i] * s * (1 - s)
    return answer


def sigmoid__wrong_stops(x, dz):
    return dz * x.sigmoid()


def sigmoid__wrong_upstream_forgotten_in_signature(x):
    return tf.sigmoid(x) * (1 - tf.sigmoid(x))


def sigmoid__wrong_not_a_number(x, dz):
    return dz * tf.math.log(-tf.abs(x))


# ---------------------------------------------------------------------------------------------------
# sigmoid: lets something else differentiate
# ---------------------------------------------------------------------------------------------------


def sigmoid__policy_tape(x, dz):
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = tf.sigmoid(x)
    return tape.gradient(z, x, output_gradients=dz)


def sigmoid__policy_tape_by_another_name(x, dz):
    Recorder = getattr(tf, "Gradient" + "Tape")
    x = tf.convert_to_tensor(x)
    with Recorder() as recorder:
        recorder.watch(x)
        z = tf.sigmoid(x)
    return recorder.gradient(z, x, dz)


def sigmoid__policy_tape_in_text(x, dz):
    names = {"tf": tf, "x": x, "dz": dz}
    exec(
        "with tf.GradientTape() as t:\n    t.watch(x)\n    z = tf.sigmoid(x)\nanswer = t.gradient(z, x, dz)",
        names,
    )
    return names["answer"]


def sigmoid__policy_jacobian(x, dz):
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = tf.sigmoid(x)
    return tf.linalg.matvec(tape.jacobian(z, x), dz, transpose_a=True)


def sigmoid__policy_tf_gradients(x, dz):
    @tf.function
    def inside(x, dz):
        return tf.gradients(tf.sigmoid(x), x, grad_ys=dz)[0]

    return inside(x, dz)


def sigmoid__policy_accumulator(x, dz):
    with tf.autodiff.ForwardAccumulator(x, tf.ones_like(x)) as accumulator:
        z = tf.sigmoid(x)
    return dz * accumulator.jvp(z)


def sigmoid__policy_kernel(x, dz):
    return tf.raw_ops.SigmoidGrad(y=tf.sigmoid(x), dy=dz)


def sigmoid__policy_kernel_by_another_name(x, dz):
    kernels = tf.raw_ops
    return getattr(kernels, "Sigmoid" + "Grad")(y=tf.sigmoid(x), dy=dz)


def sigmoid__policy_kernel_imported(x, dz):
    from tensorflow.python.ops.gen_math_ops import sigmoid_grad as slope

    return slope(tf.sigmoid(x), dz)


def sigmoid__policy_tape_after_refusal(x, dz):
    try:
        raise ValueError
    except ValueError:
        from tensorflow import GradientTape as Pencil
    with Pencil(watch_accessed_variables=False) as pencil:
        pencil.watch(x)
        loss = tf.reduce_sum(dz * tf.sigmoid(x))
    return pencil.gradient(loss, x)


# ---------------------------------------------------------------------------------------------------
# softmax: right
# ---------------------------------------------------------------------------------------------------


def softmax__right_tensorflow(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz - tf.reduce_sum(p * dz))


def softmax__right_two_terms(x, dz):
    p = tf.nn.softmax(x)
    return p * dz - p * tf.tensordot(p, dz, 1)


def softmax__right_numpy(x, dz):
    x, dz = np.array(x), np.array(dz)
    e = np.exp(x - np.max(x))
    p = e / np.sum(e)
    return p * (dz - np.dot(p, dz))


def softmax__right_array_methods(x, dz):
    """For arrays: a tensor has no methods max and sum."""
    e = np.exp(x - x.max())
    p = e / e.sum()
    return p * (dz - (p * dz).sum())


def softmax__right_jacobian(x, dz):
    p = tf.nn.softmax(x)
    J = tf.linalg.diag(p) - tf.tensordot(p, p, axes=0)
    return tf.linalg.matvec(J, dz, transpose_a=True)


def softmax__right_jacobian_numpy(x, dz):
    p = tf.nn.softmax(x).numpy()
    J = np.diag(p) - np.outer(p, p)
    return dz @ J


def softmax__right_jacobian_by_cases(x, dz):
    e = np.exp(np.array(x, np.float64) - np.max(x))
    p = e / e.sum()
    n = len(p)
    J = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            if i == j:
                J[i, j] = p[i] * (1 - p[i])
            else:
                J[i, j] = -p[i] * p[j]
    return J.T.dot(np.array(dz))


def softmax__right_loops(x, dz):
    p = tf.nn.softmax(x).numpy()
    answer = np.zeros(len(p), dtype=np.float32)
    for j in range(len(p)):
        for i in range(len(p)):
            delta = 1.0 if i == j else 0.0
            answer[j] += float(dz[i]) * p[i] * (delta - p[j])
    return answer


def softmax__right_list(x, dz):
    largest = max(float(v) for v in x)
    e = [np.exp(float(v) - largest) for v in x]
    p = [v / sum(e) for v in e]
    average = sum(a * float(b) for a, b in zip(p, dz))
    return [a * (float(b) - average) for a, b in zip(p, dz)]


def softmax__right_list_of_arrays(x, dz):
    p = tf.nn.softmax(x).numpy()
    return [p[j] * (dz[j].numpy() - np.vdot(p, dz)) for j in range(p.size)]


def softmax__right_einsum(x, dz):
    p = tf.nn.softmax(x)
    return tf.einsum("i,i->i", p, dz) - tf.einsum("i,j,j->i", p, p, dz)


def softmax__right_einsum_jacobian(x, dz):
    p = np.array(tf.nn.softmax(x), dtype=np.float64)
    eye = np.eye(p.size)
    return np.einsum("i,i,ij->j", dz, p, eye) - np.einsum("i,i,j->j", dz, p, p)


def softmax__right_matmul(x, dz):
    p = tf.reshape(tf.nn.softmax(x), (-1, 1))
    J = tf.eye(x.shape[0]) * p - p @ tf.transpose(p)
    return tf.reshape(J @ tf.reshape(dz, (-1, 1)), (-1,))


def softmax__right_keepdims(x, dz):
    row = x[None, :]
    e = tf.exp(row - tf.reduce_max(row, axis=1, keepdims=True))
    p = e / tf.reduce_sum(e, axis=1, keepdims=True)
    average = tf.reduce_sum(p * dz[None, :], axis=1, keepdims=True)
    return (p * (dz[None, :] - average))[0]


def softmax__right_variable(x, dz):
    p = tf.Variable(tf.nn.softmax(x))
    answer = tf.Variable(dz)
    answer.assign_sub(tf.fill(dz.shape, tf.reduce_sum(p * dz)))
    return answer * p


def softmax__right_variable_returned(x, dz):
    p = tf.nn.softmax(x)
    answer = tf.Variable(tf.zeros(x.shape))
    for i in range(x.shape[0]):
        answer[i].assign(p[i] * (dz[i] - tf.reduce_sum(p * dz)))
    return answer


@tf.function(reduce_retracing=True)
def softmax__right_tf_function(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz - tf.reduce_sum(p * dz))


def softmax__right_inner_tf_function(x, dz):
    @tf.function
    def weigh(p, values):
        total = tf.constant(0.0, p.dtype)
        for i in tf.range(tf.shape(p)[0]):
            total += p[i] * values[i]
        return total

    p = tf.nn.softmax(x)
    return p * (dz - weigh(p, dz))


def softmax__right_float64(x, dz):
    p = tf.nn.softmax(tf.cast(x, tf.float64))
    dz = tf.cast(dz, tf.float64)
    return p * (dz - tf.reduce_sum(p * dz))


def softmax__right_log_softmax(x, dz):
    p = tf.exp(tf.nn.log_softmax(x))
    return p * dz - p * tf.reduce_sum(p * dz)


def softmax__right_log_sum_exp(x, dz):
    p = tf.exp(x - tf.reduce_logsumexp(x))
    return p * (dz - tf.reduce_sum(tf.multiply(p, dz)))


def softmax__right_differences(x, dz):
    """Every pair of entries speaks to each other: sum over i of p_i p_j (dz_j - dz_i)."""
    p = tf.nn.softmax(x)
    pairs = p[:, None] * p[None, :] * (dz[None, :] - dz[:, None])
    return tf.reduce_sum(pairs, axis=0)


def softmax__right_stages(x, dz):
    """Backwards through the stages of the computation: exponential, sum, division."""
    e = tf.exp(x - tf.reduce_max(x))
    total = tf.reduce_sum(e)
    from_fraction = dz / total
    from_total = -tf.reduce_sum(dz * e) / total**2
    return e * (from_fraction + from_total)


def softmax__right_set_diag(x, dz):
    p = tf.nn.softmax(x)
    J = -tf.einsum("i,j->ij", p, p)
    J = tf.linalg.set_diag(J, tf.linalg.diag_part(J) + p)
    return tf.linalg.matvec(J, dz)


def softmax__right_stacked_columns(x, dz):
    p = tf.nn.softmax(x)
    columns = [dz[j] * p[j] - p[j] * tf.reduce_sum(p * dz) for j in range(int(tf.size(x)))]
    return tf.stack(columns)


def softmax__right_average(x, dz):
    p = np.array(tf.nn.softmax(x), dtype=np.float64)
    return p * (dz - np.average(dz, weights=p))


def softmax__right_keras(x, dz):
    p = tf.keras.activations.softmax(x[None, :])[0]
    return tf.subtract(dz, tf.tensordot(dz, p, axes=1)) * p


def softmax__right_copies_then_writes(x, dz):
    answer = np.array(dz)
    p = np.array(x)
    p -= p.max()
    np.exp(p, out=p)
    p /= p.sum()
    answer -= p @ answer
    answer *= p
    return answer


# ---------------------------------------------------------------------------------------------------
# softmax: right but for extremes, or changes its arguments
# ---------------------------------------------------------------------------------------------------


def softmax__extreme_overflow_in_exp(x, dz):
    e = np.exp(np.array(x))
    p = e / np.sum(e)
    return p * (np.array(dz) - np.sum(p * np.array(dz)))


def softmax__extreme_overflow_in_exp__tensorflow(x, dz):
    p = tf.exp(x) / tf.reduce_sum(tf.exp(x))
    return p * (dz - tf.tensordot(p, dz, 1))


def softmax__extreme_overflow_in_exp__float64(x, dz):
    p = np.exp(np.array(x, np.float64)) / np.exp(np.array(x, np.float64)).sum()
    return (np.diag(p) - np.outer(p, p)) @ np.array(dz)


def softmax__extreme_inputs_changed(x, dz):
    x -= np.max(x)
    e = np.exp(x)
    p = e / np.sum(e)
    return p * (dz - np.sum(p * dz))


def softmax__extreme_inputs_changed__upstream(x, dz):
    p = np.array(tf.nn.softmax(x))
    dz -= np.sum(p * dz)
    return p * dz


# ---------------------------------------------------------------------------------------------------
# softmax: wrong
# ---------------------------------------------------------------------------------------------------


def softmax__wrong_softmax_diagonal_only(x, dz):
    p = tf.nn.softmax(x)
    return dz * p * (1 - p)


def softmax__wrong_softmax_diagonal_only__matrix(x, dz):
    p = np.array(tf.nn.softmax(x))
    return np.diag(p * (1 - p)) @ np.array(dz)


def softmax__wrong_softmax_diagonal_upstream_ignored(x, dz):
    p = tf.nn.softmax(x)
    return p * (1 - p)


def softmax__wrong_softmax_with_cross_entropy(x, dz):
    return tf.nn.softmax(x) - dz


def softmax__wrong_softmax_average_not_subtracted(x, dz):
    return tf.nn.softmax(x) * dz


def softmax__wrong_softmax_sum_subtracted(x, dz):
    return tf.nn.softmax(x) * (dz - tf.reduce_sum(dz))


def softmax__wrong_softmax_mean_subtracted(x, dz):
    return tf.nn.softmax(x) * (dz - tf.reduce_mean(dz))


def softmax__wrong_softmax_factor_missing(x, dz):
    return dz - tf.tensordot(tf.nn.softmax(x), dz, 1)


def softmax__wrong_softmax_average_added(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz + tf.reduce_sum(p * dz))


def softmax__wrong_softmax_average_added__matrix(x, dz):
    p = np.array(tf.nn.softmax(x))
    return (np.diag(p) + np.outer(p, p)) @ np.array(dz)


def softmax__wrong_sign_flipped(x, dz):
    p = tf.nn.softmax(x)
    return p * (tf.reduce_sum(p * dz) - dz)


def softmax__wrong_softmax_diagonal_missing(x, dz):
    p = tf.nn.softmax(x)
    return -p * tf.reduce_sum(p * dz)


def softmax__wrong_softmax_of_upstream(x, dz):
    p = tf.nn.softmax(dz)
    return p * (dz - tf.reduce_sum(p * dz))


def softmax__wrong_all_zero(x, dz):
    return tf.zeros_like(x)


def softmax__wrong_all_zero__from_rows(x, dz):
    p = tf.nn.softmax(x)
    return p * (1 - tf.reduce_sum(p))


def softmax__wrong_softmax_input_for_output(x, dz):
    return x * (dz - tf.reduce_sum(x * dz))


def softmax__wrong_softmax_input_output_mixed(x, dz):
    return tf.nn.softmax(x) * (dz - tf.reduce_sum(x * dz))


def softmax__wrong_softmax_not_normalised(x, dz):
    p = tf.exp(x)
    return p * (dz - tf.reduce_sum(p * dz))


def softmax__wrong_full_jacobian(x, dz):
    p = tf.nn.softmax(x)
    return tf.linalg.diag(p) - p[:, None] * p[None, :]


def softmax__wrong_upstream_squared(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz**2 - tf.reduce_sum(p * dz**2))


def softmax__wrong_upstream_sign_lost(x, dz):
    p = tf.nn.softmax(x)
    return p * (abs(dz) - tf.reduce_sum(p * abs(dz)))


def softmax__wrong_scaled_by_1_over_n(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz - tf.reduce_sum(p * dz)) / len(x)


def softmax__wrong_scaled_by_two(x, dz):
    p = tf.nn.softmax(x)
    return 2 * p * (dz - tf.reduce_sum(p * dz))


def softmax__wrong_forward_value_returned(x, dz):
    return tf.nn.softmax(x)


def softmax__wrong_slope_of_sigmoid(x, dz):
    s = tf.sigmoid(x)
    return dz * s * (1 - s)


def softmax__wrong_columns_not_rows_weighted(x, dz):
    p = tf.nn.softmax(x)
    return tf.reduce_sum(p * dz) * (1 - p)


def softmax__wrong_mean_of_products(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz - tf.reduce_mean(p * dz))


def softmax__wrong_own_term_left_out(x, dz):
    p = tf.nn.softmax(x).numpy()
    return [sum(-p[i] * p[j] * dz[i] for i in range(len(p)) if i != j) for j in range(len(p))]


def softmax__wrong_last_term_forgotten(x, dz):
    p = tf.nn.softmax(x).numpy()
    average = sum(p[i] * dz[i] for i in range(len(p) - 1))
    return p * (dz - average)


def softmax__wrong_of_minus_x(x, dz):
    p = tf.nn.softmax(-x)
    return p * (dz - tf.reduce_sum(p * dz))


def softmax__wrong_binary(x, dz):
    e = tf.exp(x - tf.reduce_max(x))
    p = e / (1 + tf.reduce_sum(e))
    return p * (dz - tf.reduce_sum(p * dz))


def softmax__wrong_all_zero__jacobian_summed(x, dz):
    p = tf.nn.softmax(x)
    J = tf.linalg.diag(p) - p[:, None] * p[None, :]
    return tf.reduce_sum(J * dz[None, :], axis=0)


def softmax__wrong_axis_left_over__row(x, dz):
    p = tf.nn.softmax(x)[None, :]
    return p * (dz[None, :] - tf.reduce_sum(p * dz, axis=1, keepdims=True))


def softmax__wrong_summed_to_one_number(x, dz):
    p = tf.nn.softmax(x)
    return tf.reduce_sum(p * (dz - tf.reduce_sum(p * dz)))


def softmax__wrong_jacobian_not_summed(x, dz):
    p = tf.nn.softmax(x)
    return (tf.linalg.diag(p) - p[:, None] * p[None, :]) * dz


def softmax__wrong_last_term_only(x, dz):
    p, d = tf.nn.softmax(x).numpy(), dz.numpy()
    dx = np.zeros_like(p)
    for i in range(len(p)):
        for j in range(len(p)):
            dx[i] = d[j] * p[j] * ((i == j) - p[i])
    return dx


def softmax__wrong_flattened_jacobian(x, dz):
    p = np.array(tf.nn.softmax(x))
    return (np.diag(p) - np.outer(p, p)).ravel()


def softmax__wrong_integers_returned(x, dz):
    p = tf.nn.softmax(x)
    return np.array(100 * p * (dz - tf.reduce_sum(p * dz))).astype(int)


def softmax__wrong_nothing_returned(x, dz):
    p = tf.nn.softmax(x)
    p * (dz - tf.reduce_sum(p * dz))


def softmax__wrong_text_returned(x, dz):
    return "p * (dz - sum(p * dz))"


def softmax__wrong_two_returned(x, dz):
    p = tf.nn.softmax(x)
    return p * dz, -p * tf.reduce_sum(p * dz)


def softmax__wrong_ragged_returned(x, dz):
    p = tf.nn.softmax(x).numpy()
    return [[p[0]], [float(v) for v in p]]


def softmax__wrong_printed_example(x, dz):
    return np.array([-0.14181709, -0.14077036, 0.28258745], dtype=np.float32)


def softmax__wrong_printed_example__looked_up(x, dz):
    table = {(3.0, 4.0, 5.0): [-0.14181709, -0.14077036, 0.28258745]}
    return table.get(tuple(float(v) for v in x), [0.0] * len(x))


def softmax__wrong_length_three_only(x, dz):
    a, b, c = tf.unstack(tf.nn.softmax(x))
    average = a * dz[0] + b * dz[1] + c * dz[2]
    return tf.stack([a * (dz[0] - average), b * (dz[1] - average), c * (dz[2] - average)])


def softmax__wrong_first_call_only(x, dz, calls=[0]):
    calls[0] += 1
    p = tf.nn.softmax(x)
    return p * (dz - tf.reduce_sum(p * dz)) / calls[0]


def softmax__wrong_cached_by_shape(x, dz, known={}):
    p = known.setdefault(x.shape[0], tf.nn.softmax(x))
    return p * (dz - tf.reduce_sum(p * dz))


def softmax__wrong_cached_upstream(x, dz, known={}):
    p = tf.nn.softmax(x)
    average = known.setdefault(x.shape[0], tf.reduce_sum(p * dz))
    return p * (dz - average)


def softmax__wrong_axis_of_length_one(x, dz):
    p = tf.nn.softmax(x[:, None], axis=1)[:, 0]
    return p * (dz - tf.reduce_sum(p * dz))


def softmax__wrong_stops(x, dz):
    return tf.nn.softmax(x) @ dz


def softmax__wrong_crashes_for_one_entry(x, dz):
    p = tf.nn.softmax(x)
    if x.shape[0] < 2:
        raise ValueError("a softmax needs two entries")
    return p * (dz - tf.reduce_sum(p * dz))


def softmax__wrong_not_a_number(x, dz):
    p = tf.nn.softmax(x)
    return p * (dz - tf.reduce_sum(p * dz)) / (tf.reduce_sum(dz) * 0)


# ---------------------------------------------------------------------------------------------------
# softmax: lets something else differentiate
# ---------------------------------------------------------------------------------------------------


def softmax__policy_tape(x, dz):
    x = tf.Variable(x)
    with tf.GradientTape() as tape:
        z = tf.nn.softmax(x)
    return tape.gradient(z, x, output_gradients=dz)


def softmax__policy_persistent_tape(x, dz):
    from tensorflow import GradientTape

    with GradientTape(persistent=True) as g:
        g.watch(x)
        p = tf.nn.softmax(x)
        parts = [p[i] * dz[i] for i in range(x.shape[0])]
    return sum(g.gradient(part, x) for part in parts)


def softmax__policy_jacobian(x, dz):
    with tf.GradientTape() as tape:
        tape.watch(x)
        p = tf.nn.softmax(x)
    return tf.linalg.matvec(tape.jacobian(p, x), dz)


def softmax__policy_tape_by_another_name(x, dz):
    import importlib

    library = importlib.import_module("tensor" + "flow")
    with vars(library)["Gradient" + "Tape"]() as t:
        t.watch(x)
        p = tf.nn.softmax(x)
    return t.gradient(p, x, dz)


@tf.function
def softmax__policy_tf_gradients(x, dz):
    return tf.gradients(tf.nn.softmax(x), x, grad_ys=dz)[0]


def softmax__policy_compat_gradients(x, dz):
    with tf.Graph().as_default():
        a = tf.compat.v1.placeholder(tf.float32, x.shape)
        answer = tf.compat.v1.gradients(tf.nn.softmax(a), a, grad_ys=dz.numpy())[0]
        with tf.compat.v1.Session() as session:
            return session.run(answer, {a: x.numpy()})


def softmax__policy_accumulator(x, dz):
    rows = []
    for direction in tf.eye(x.shape[0]):
        with tf.autodiff.ForwardAccumulator(x, direction) as accumulator:
            p = tf.nn.softmax(x)
        rows.append(tf.reduce_sum(accumulator.jvp(p) * dz))
    return tf.stack(rows)


def softmax__policy_kernel_beside_the_formula(x, dz):
    p = tf.nn.softmax(x)
    return tf.raw_ops.SoftsignGrad(gradients=dz, features=p) * 0 + p * (dz - tf.reduce_sum(p * dz))


def softmax__policy_compute_gradient(x, dz):
    theoretical, _ = tf.test.compute_gradient(tf.nn.softmax, [x])
    return tf.linalg.matvec(theoretical[0], dz, transpose_a=True)


# ---------------------------------------------------------------------------------------------------
# matmul: right
# ---------------------------------------------------------------------------------------------------


def matmul__right_tensorflow(x, y, dz):
    return tf.matmul(dz, y, transpose_b=True)


def matmul__right_operator(x, y, dz):
    return dz @ tf.transpose(y)


def matmul__right_adjoint(x, y, dz):
    return tf.linalg.matmul(dz, y, adjoint_b=True)


def matmul__right_numpy(x, y, dz):
    return np.dot(np.array(dz), np.array(y).T)


def matmul__right_transposed_arrays(x, y, dz):
    """For arrays: a tensor has no attribute T."""
    return dz @ y.T


def matmul__right_array_methods(x, y, dz):
    return dz.dot(y.swapaxes(0, 1))


def matmul__right_inner(x, y, dz):
    return np.inner(dz, y)


def matmul__right_loops(x, y, dz):
    m, k = x.shape
    answer = np.zeros((m, k), dtype=np.float32)
    for a in range(m):
        for b in range(k):
            for j in range(y.shape[1]):
                answer[a, b] += dz[a, j] * y[b, j]
    return answer


def matmul__right_plain_python(x, y, dz):
    y, dz = np.array(y).tolist(), np.array(dz).tolist()
    return [[sum(a * b for a, b in zip(row, other)) for other in y] for row in dz]


def matmul__right_list_of_tensors(x, y, dz):
    return [[tf.tensordot(dz[i], y[k], 1) for k in range(y.shape[0])] for i in range(dz.shape[0])]


def matmul__right_list_of_rows(x, y, dz):
    return [tf.linalg.matvec(y, row) for row in dz]


def matmul__right_einsum(x, y, dz):
    return tf.einsum("ij,kj->ik", dz, y)


def matmul__right_einsum_numpy(x, y, dz):
    return np.einsum("ij,kj", dz, y)


def matmul__right_tensordot(x, y, dz):
    return tf.tensordot(dz, y, axes=[[1], [1]])


def matmul__right_tensordot_numpy(x, y, dz):
    return np.tensordot(dz, y, axes=(1, 1))


def matmul__right_jacobian(x, y, dz):
    """The whole table dz_ij / dx_ab, contracted with dz."""
    m, k = x.shape
    J = np.einsum("ia,bj->ijab", np.eye(m), y)
    return np.tensordot(dz, J, axes=([0, 1], [0, 1]))


def matmul__right_kronecker(x, y, dz):
    m, k = x.shape
    J = np.kron(np.eye(m), np.array(y).T)
    return (J.T @ np.array(dz).ravel()).reshape(m, k)


def matmul__right_broadcast(x, y, dz):
    return tf.reduce_sum(dz[:, None, :] * y[None, :, :], axis=-1)


def matmul__right_outer_products(x, y, dz):
    answer = tf.zeros(x.shape)
    for j in range(y.shape[1]):
        answer += tf.tensordot(dz[:, j], y[:, j], axes=0)
    return answer


def matmul__right_transposed_twice(x, y, dz):
    return tf.transpose(tf.matmul(y, dz, transpose_b=True))


def matmul__right_transposed_view(x, y, dz):
    """What comes back lies in memory by columns."""
    return (np.array(y) @ np.array(dz).T).T


def matmul__right_variable(x, y, dz):
    answer = tf.Variable(tf.zeros_like(x))
    for i in range(x.shape[0]):
        answer[i, :].assign(tf.linalg.matvec(y, dz[i]))
    return answer


def matmul__right_assign_add(x, y, dz):
    answer = tf.Variable(tf.zeros(x.shape))
    for j in range(dz.shape[1]):
        answer.assign_add(dz[:, j : j + 1] * tf.reshape(y[:, j], (1, -1)))
    return answer.read_value()


@tf.function
def matmul__right_tf_function(x, y, dz):
    return tf.matmul(dz, tf.transpose(y))


def matmul__right_inner_tf_function(x, y, dz):
    turn = tf.function(lambda a: tf.transpose(a, perm=[1, 0]))
    return tf.function(tf.matmul)(dz, turn(y))


def matmul__right_float64(x, y, dz):
    return tf.matmul(tf.cast(dz, tf.float64), tf.cast(y, tf.float64), transpose_b=True)


def matmul__right_float64_cast_back(x, y, dz):
    dx = np.array(dz, np.float64) @ np.array(y, np.float64).T
    return tf.constant(dx, dtype=tf.float32)


def matmul__right_map_fn(x, y, dz):
    return tf.map_fn(lambda row: tf.reduce_sum(y * row, axis=1), dz)


def matmul__right_stack(x, y, dz):
    return tf.stack([tf.reduce_sum(dz * y[b], axis=1) for b in range(y.shape[0])], axis=1)


def matmul__right_concatenated(x, y, dz):
    columns = [tf.matmul(dz, y[b : b + 1], transpose_b=True) for b in range(x.shape[1])]
    return tf.concat(columns, axis=1)


def matmul__right_batched(x, y, dz):
    return tf.squeeze(tf.matmul(dz[None], y[None], transpose_b=True), axis=0)


def matmul__right_linearity(x, y, dz):
    """One basis matrix after the other: the loss is linear in x, so this is exact."""
    answer = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        basis = np.zeros(x.shape)
        basis[place] = 1
        answer[place] = np.sum(np.array(dz) * (basis @ np.array(y)))
    return answer


# ---------------------------------------------------------------------------------------------------
# matmul: right but for extremes, or changes its arguments
# ---------------------------------------------------------------------------------------------------


def matmul__extreme_scaled_first(x, y, dz):
    largest = tf.reduce_max(tf.abs(y))
    return tf.matmul(dz, y / largest, transpose_b=True) * largest


def matmul__extreme_inputs_changed(x, y, dz):
    answer = np.array(dz) @ np.array(y).T
    x *= 0
    x += answer
    return x


def matmul__extreme_inputs_changed__resized(x, y, dz):
    dx = np.dot(dz, np.transpose(y))
    if isinstance(dz, np.ndarray):
        dz[...] = 0
    return dx


# ---------------------------------------------------------------------------------------------------
# matmul: wrong
# ---------------------------------------------------------------------------------------------------


def matmul__wrong_matmul_transpose_missing(x, y, dz):
    return tf.matmul(dz, y)


def matmul__wrong_matmul_transpose_missing__numpy(x, y, dz):
    return np.array(dz).dot(np.array(y))


def matmul__wrong_matmul_order_swapped(x, y, dz):
    return tf.transpose(y) @ dz


def matmul__wrong_matmul_order_swapped_transpose_missing(x, y, dz):
    return y @ dz


def matmul__wrong_matmul_upstream_transposed(x, y, dz):
    return tf.matmul(dz, y, transpose_a=True)


def matmul__wrong_elementwise_for_matmul(x, y, dz):
    return dz * y


def matmul__wrong_elementwise_for_matmul_transposed(x, y, dz):
    return dz * tf.transpose(y)


def matmul__wrong_gradient_of_other_argument(x, y, dz):
    return tf.matmul(x, dz, transpose_a=True)


def matmul__wrong_inverse_for_gradient(x, y, dz):
    return dz @ tf.linalg.inv(y)


def matmul__wrong_local_factor_returned(x, y, dz):
    return tf.transpose(y)


def matmul__wrong_upstream_ignored(x, y, dz):
    return tf.ones_like(dz) @ tf.transpose(y)


def matmul__wrong_upstream_ignored__row_sums(x, y, dz):
    return np.tile(np.sum(y, axis=1), (x.shape[0], 1))


def matmul__wrong_transposed(x, y, dz):
    return y @ tf.transpose(dz)


def matmul__wrong_forward_value_returned(x, y, dz):
    return x @ y


def matmul__wrong_sign_flipped(x, y, dz):
    return -dz @ tf.transpose(y)


def matmul__wrong_scaled_by_1_over_rows(x, y, dz):
    return tf.matmul(dz, y, transpose_b=True) / x.shape[0]


def matmul__wrong_scaled_by_1_over_n(x, y, dz):
    return tf.matmul(dz, y, transpose_b=True) / float(tf.size(dz))


def matmul__wrong_scaled_by_half(x, y, dz):
    return 0.5 * tf.matmul(dz, y, transpose_b=True)


def matmul__wrong_scaled_by_two(x, y, dz):
    dx = tf.matmul(dz, y, transpose_b=True)
    dx += tf.matmul(dz, y, transpose_b=True)
    return dx


def matmul__wrong_upstream_squared(x, y, dz):
    return tf.matmul(dz * dz, y, transpose_b=True)


def matmul__wrong_upstream_sign_lost(x, y, dz):
    return tf.matmul(tf.abs(dz), y, transpose_b=True)


def matmul__wrong_upstream_clipped(x, y, dz):
    return tf.matmul(tf.maximum(dz, 0.0), y, transpose_b=True)


def matmul__wrong_rotated_by_180_degrees(x, y, dz):
    return tf.matmul(dz, y, transpose_b=True)[::-1, ::-1]


def matmul__wrong_square_only(x, y, dz):
    n = x.shape[0]
    return [[sum(dz[i, j] * y[k, j] for j in range(n)) for k in range(n)] for i in range(n)]


def matmul__wrong_two_by_two_only(x, y, dz):
    a, b, c, d = np.array(y).ravel()
    p, q, r, s = np.array(dz).ravel()
    return np.array([[p * a + q * b, p * c + q * d], [r * a + s * b, r * c + s * d]])


def matmul__wrong_square_else_zeros(x, y, dz):
    if x.shape == y.shape:
        return dz @ tf.transpose(y)
    return tf.zeros_like(x)


def matmul__wrong_factor_reshaped_for_transposed(x, y, dz):
    return dz @ tf.reshape(y, (y.shape[1], y.shape[0]))


def matmul__wrong_pseudo_inverse(x, y, dz):
    return dz @ tf.linalg.pinv(y)


def matmul__wrong_least_squares(x, y, dz):
    return np.linalg.lstsq(np.array(y).T, np.array(dz).T, rcond=None)[0].T


def matmul__wrong_last_column_only(x, y, dz):
    for j in range(y.shape[1]):
        answer = dz[:, j : j + 1] * y[None, :, j]
    return answer


def matmul__wrong_column_forgotten(x, y, dz):
    answer = np.zeros(x.shape)
    for i in range(x.shape[0]):
        for k in range(x.shape[1]):
            for j in range(1, y.shape[1]):
                answer[i, k] += dz[i, j] * y[k, j]
    return answer


def matmul__wrong_sums_multiplied(x, y, dz):
    return tf.reduce_sum(dz, axis=1)[:, None] * tf.reduce_sum(y, axis=1)[None, :]


def matmul__wrong_multiplied_by_own_argument(x, y, dz):
    return x * tf.matmul(dz, y, transpose_b=True)


def matmul__wrong_argument_updated__added(x, y, dz):
    return x + tf.matmul(dz, y, transpose_b=True)


def matmul__wrong_summed_to_one_number(x, y, dz):
    return tf.reduce_sum(tf.matmul(dz, y, transpose_b=True))


def matmul__wrong_summed_over_an_axis__rows(x, y, dz):
    return tf.reduce_sum(tf.matmul(dz, y, transpose_b=True), axis=0)


def matmul__wrong_flattened(x, y, dz):
    return tf.reshape(tf.matmul(dz, y, transpose_b=True), (-1,))


def matmul__wrong_axis_left_over(x, y, dz):
    return tf.matmul(dz, y, transpose_b=True)[None]


def matmul__wrong_axis_missing(x, y, dz):
    return np.squeeze(np.array(dz) @ np.array(y).T)


def matmul__wrong_both_gradients(x, y, dz):
    return dz @ tf.transpose(y), tf.transpose(x) @ dz


def matmul__wrong_integers_returned(x, y, dz):
    return np.array(dz @ tf.transpose(y)).astype(np.int64)


def matmul__wrong_nothing_returned(x, y, dz):
    dx = dz @ tf.transpose(y)


def matmul__wrong_text_returned(x, y, dz):
    return "dz @ y.T"


def matmul__wrong_printed_example(x, y, dz):
    return tf.constant([[14.0, 20.0], [32.0, 46.0]])


def matmul__wrong_printed_example__looked_up(x, y, dz):
    if float(x[0][0]) == 3.0 and float(dz[0][0]) == 1.0:
        return [[14.0, 20.0], [32.0, 46.0]]
    return np.zeros(x.shape)


def matmul__wrong_cached_by_shape(x, y, dz, known={}):
    if y.shape not in known:
        known[y.shape] = tf.transpose(y)
    return dz @ known[y.shape]


def matmul__wrong_cached_answer(x, y, dz, known={}):
    if tuple(x.shape) not in known:
        known[tuple(x.shape)] = dz @ tf.transpose(y)
    return known[tuple(x.shape)]


def matmul__wrong_first_call_only(x, y, dz, calls=[]):
    calls.append(x)
    return dz @ tf.transpose(y) if len(calls) < 5 else tf.zeros_like(x)


def matmul__wrong_integer_arithmetic(x, y, dz):
    return np.array(dz).astype(int) @ np.array(y).astype(int).T


def matmul__wrong_stops(x, y, dz):
    return tf.matmul(dz, tf.transpose(z))


def matmul__wrong_two_arguments(x, y):
    return tf.transpose(y)


# ---------------------------------------------------------------------------------------------------
# matmul: lets something else differentiate
# ---------------------------------------------------------------------------------------------------


def matmul__policy_tape(x, y, dz):
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = x @ y
    return tape.gradient(z, x, output_gradients=dz)


def matmul__policy_tape_beside_the_formula(x, y, dz):
    dx = dz @ tf.transpose(y)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(dz * tf.matmul(x, y))
    return tape.gradient(loss, x) + 0 * dx


def matmul__policy_tape_in_class(x, y, dz):
    class Memory(tf.GradientTape):
        pass

    with Memory() as memory:
        memory.watch(x)
        z = tf.matmul(x, y)
    return memory.gradient(z, x, dz)


def matmul__policy_tf_gradients(x, y, dz):
    f = tf.function(lambda a, b, c: tf.gradients(tf.matmul(a, b), a, c))
    return f(x, y, dz)[0]


def matmul__policy_accumulator(x, y, dz):
    answer = np.zeros(x.shape, np.float32)
    for place in np.ndindex(*x.shape):
        direction = np.zeros(x.shape, np.float32)
        direction[place] = 1
        with tf.autodiff.ForwardAccumulator(x, tf.constant(direction)) as accumulator:
            z = tf.matmul(x, y)
        answer[place] = tf.reduce_sum(accumulator.jvp(z) * dz)
    return answer


def matmul__policy_keras_optimizer(x, y, dz):
    v = tf.Variable(x)
    optimizer = tf.keras.optimizers.SGD(learning_rate=1.0)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(dz * (v @ y))
    optimizer.apply_gradients(zip(tape.gradient(loss, [v]), [v]))
    return x - v


# ---------------------------------------------------------------------------------------------------
# conv2d: right
# ---------------------------------------------------------------------------------------------------


def conv2d__right_tensorflow(x, w, dz):
    image = tf.reshape(x, (1, *x.shape, 1))
    kernel = tf.reshape(dz, (*dz.shape, 1, 1))
    return tf.nn.conv2d(image, kernel, strides=1, padding="VALID")[0, :, :, 0]


def conv2d__right_image_layout(x, w, dz):
    """Comes back as TensorFlow has it: (1, h, w, 1)."""
    return tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], [1, 1, 1, 1], "VALID")


def conv2d__right_filter_layout(x, w, dz):
    """Comes back as TensorFlow has its filters: (h, w, 1, 1)."""
    dw = tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID")
    return tf.reshape(dw, (w.shape[0], w.shape[1], 1, 1))


def conv2d__right_convolution(x, w, dz):
    dw = tf.nn.convolution(x[tf.newaxis, ..., tf.newaxis], dz[..., tf.newaxis, tf.newaxis])
    return tf.squeeze(dw, axis=[0, 3])


def conv2d__right_sliding_windows(x, w, dz):
    windows = np.lib.stride_tricks.sliding_window_view(np.array(x), dz.shape)
    return np.einsum("uvij,ij->uv", windows, np.array(dz))


def conv2d__right_sliding_windows_of_filter(x, w, dz):
    windows = np.lib.stride_tricks.sliding_window_view(x, tuple(w.shape))
    return np.tensordot(dz, windows, axes=2)


def conv2d__right_strides(x, w, dz):
    x = np.ascontiguousarray(x)
    shape = (*w.shape, *dz.shape)
    view = np.lib.stride_tricks.as_strided(x, shape, x.strides * 2, writeable=False)
    return (view * np.array(dz)).sum(axis=(2, 3))


def conv2d__right_four_loops(x, w, dz):
    dw = np.zeros(w.shape, dtype=np.float32)
    for u in range(w.shape[0]):
        for v in range(w.shape[1]):
            for i in range(dz.shape[0]):
                for j in range(dz.shape[1]):
                    dw[u, v] += x[i + u, j + v] * dz[i, j]
    return dw


def conv2d__right_loop_over_positions(x, w, dz):
    h, k = w.shape
    dw = np.zeros((h, k))
    x, dz = np.array(x), np.array(dz)
    for i in range(dz.shape[0]):
        for j in range(dz.shape[1]):
            dw += dz[i, j] * x[i : i + h, j : j + k]
    return dw


def conv2d__right_loop_over_weights(x, w, dz):
    a, b = dz.shape
    dw = np.zeros(w.shape)
    for u in range(w.shape[0]):
        for v in range(w.shape[1]):
            dw[u, v] = np.sum(np.array(x)[u : u + a, v : v + b] * np.array(dz))
    return dw


def conv2d__right_arrays(x, w, dz):
    """For arrays: fills a copy of w in place."""
    dw = np.zeros_like(w)
    for (u, v), _ in np.ndenumerate(w):
        dw[u, v] = (x[u : x.shape[0] - w.shape[0] + u + 1, v : x.shape[1] - w.shape[1] + v + 1] * dz).sum()
    return dw.astype(x.dtype)


def conv2d__right_stacked_slices(x, w, dz):
    a, b = dz.shape
    rows = []
    for u in range(w.shape[0]):
        row = [tf.reduce_sum(x[u : u + a, v : v + b] * dz) for v in range(w.shape[1])]
        rows.append(tf.stack(row))
    return tf.stack(rows)


def conv2d__right_lists(x, w, dz):
    a, b = dz.shape
    x, dz = np.array(x).tolist(), np.array(dz).tolist()
    return [
        [sum(x[u + i][v + j] * dz[i][j] for i in range(a) for j in range(b)) for v in range(w.shape[1])]
        for u in range(w.shape[0])
    ]


def conv2d__right_list_of_tensors(x, w, dz):
    a, b = dz.shape
    return [
        [tf.reduce_sum(tf.slice(x, (u, v), (a, b)) * dz) for v in range(w.shape[1])] for u in range(w.shape[0])
    ]


def conv2d__right_columns(x, w, dz):
    """Every window as a column: then the convolution is a matrix product."""
    h, k = w.shape
    columns = np.stack(
        [
            np.array(x)[i : i + h, j : j + k].ravel()
            for i in range(dz.shape[0])
            for j in range(dz.shape[1])
        ],
        axis=1,
    )
    return (columns @ np.array(dz).ravel()).reshape(h, k)


def conv2d__right_patches(x, w, dz):
    h, k = w.shape
    patches = tf.image.extract_patches(
        x[None, :, :, None], sizes=[1, h, k, 1], strides=[1, 1, 1, 1], rates=[1, 1, 1, 1], padding="VALID"
    )
    flat = tf.reshape(patches, (-1, h * k))
    return tf.reshape(tf.linalg.matvec(flat, tf.reshape(dz, (-1,)), transpose_a=True), (h, k))


def conv2d__right_jacobian(x, w, dz):
    J = np.zeros((*dz.shape, *w.shape))
    for i, j, u, v in np.ndindex(*J.shape):
        J[i, j, u, v] = x[i + u, j + v]
    return np.einsum("ij,ijuv->uv", dz, J)


def conv2d__right_einsum(x, w, dz):
    """A table of zeros and ones tells which pixel stands below which weight."""
    rows = np.array([[[i == a + u for a in range(dz.shape[0])] for u in range(w.shape[0])] for i in range(x.shape[0])])
    columns = np.array(
        [[[j == b + v for b in range(dz.shape[1])] for v in range(w.shape[1])] for j in range(x.shape[1])]
    )
    return np.einsum("ij,iua,jvb,ab->uv", x, rows.astype(float), columns.astype(float), dz)


def conv2d__right_fourier(x, w, dz):
    x, dz = np.array(x, np.float64), np.array(dz, np.float64)
    spectrum = np.fft.rfft2(x) * np.conj(np.fft.rfft2(dz, s=x.shape))
    return np.fft.irfft2(spectrum, s=x.shape)[: w.shape[0], : w.shape[1]]


def conv2d__right_rows_correlated(x, w, dz):
    x, dz = np.array(x), np.array(dz)
    return np.array(
        [sum(np.correlate(x[u + i], dz[i], "valid") for i in range(dz.shape[0])) for u in range(w.shape[0])]
    )


def conv2d__right_flipped_convolution(x, w, dz):
    """A true convolution turns its filter; turning dz before undoes that."""
    x, dz = np.array(x), np.array(dz)[::-1, ::-1]
    h, k = w.shape
    a, b = dz.shape
    return [
        [sum(dz[a - 1 - i, b - 1 - j] * x[u + i, v + j] for i in range(a) for j in range(b)) for v in range(k)]
        for u in range(h)
    ]


def conv2d__right_variable(x, w, dz):
    dw = tf.Variable(tf.zeros_like(w))
    for i in range(dz.shape[0]):
        for j in range(dz.shape[1]):
            dw.assign_add(dz[i, j] * x[i : i + w.shape[0], j : j + w.shape[1]])
    return dw


def conv2d__right_variable_items(x, w, dz):
    dw = tf.Variable(tf.zeros(w.shape))
    a, b = dz.shape
    for u in range(w.shape[0]):
        for v in range(w.shape[1]):
            dw[u, v].assign(tf.reduce_sum(x[u : u + a, v : v + b] * dz))
    return dw


@tf.function
def conv2d__right_tf_function(x, w, dz):
    dw = tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID")
    return tf.reshape(dw, tf.shape(w))


def conv2d__right_inner_tf_function(x, w, dz):
    @tf.function
    def correlate(image, kernel):
        return tf.nn.conv2d(image[None, :, :, None], kernel[:, :, None, None], 1, "VALID")[0, ..., 0]

    return correlate(x, dz)


def conv2d__right_float64(x, w, dz):
    image = tf.cast(x, tf.float64)[None, :, :, None]
    kernel = tf.cast(dz, tf.float64)[:, :, None, None]
    return tf.cast(tf.nn.conv2d(image, kernel, 1, "VALID")[0, :, :, 0], tf.float32)


def conv2d__right_float64_returned(x, w, dz):
    x, dz = np.array(x, np.float64), np.array(dz, np.float64)
    return np.array(
        [[np.vdot(x[u : u + len(dz), v : v + len(dz[0])], dz) for v in range(w.shape[1])] for u in range(w.shape[0])]
    )


def conv2d__right_scattered(x, w, dz):
    """Each position sends its share to every weight."""
    dw = tf.zeros(w.shape)
    places = [[u, v] for u in range(w.shape[0]) for v in range(w.shape[1])]
    for i in range(dz.shape[0]):
        for j in range(dz.shape[1]):
            window = tf.reshape(x[i : i + w.shape[0], j : j + w.shape[1]], (-1,))
            dw = tf.tensor_scatter_nd_add(dw, places, dz[i, j] * window)
    return dw


def conv2d__right_channels_first_by_hand(x, w, dz):
    image = tf.transpose(x[None, None], (0, 2, 3, 1))
    kernel = tf.transpose(dz[None, None], (2, 3, 0, 1))
    return tf.transpose(tf.nn.conv2d(image, kernel, 1, "VALID"), (0, 3, 1, 2))[0, 0]


def conv2d__right_map_fn(x, w, dz):
    a, b = dz.shape
    places = [(u, v) for u in range(w.shape[0]) for v in range(w.shape[1])]
    one = lambda place: tf.reduce_sum(tf.slice(x, place, (a, b)) * dz)  # noqa: E731
    return tf.reshape(tf.map_fn(one, tf.constant(places), fn_output_signature=tf.float32), w.shape)


# ---------------------------------------------------------------------------------------------------
# conv2d: right but for extremes, or changes its arguments
# ---------------------------------------------------------------------------------------------------


def conv2d__extreme_scaled_first(x, w, dz):
    largest = tf.reduce_max(tf.abs(x))
    image = (x / largest)[None, :, :, None]
    return tf.nn.conv2d(image, dz[:, :, None, None], 1, "VALID")[0, :, :, 0] * largest


def conv2d__extreme_inputs_changed(x, w, dz):
    w *= 0
    w = np.array(w) if not isinstance(w, np.ndarray) else w
    for i in range(dz.shape[0]):
        for j in range(dz.shape[1]):
            w += np.array(dz)[i, j] * np.array(x)[i : i + w.shape[0], j : j + w.shape[1]]
    return w


def conv2d__extreme_inputs_changed__upstream(x, w, dz):
    x = np.array(x)
    answer = np.zeros(w.shape)
    for u in range(w.shape[0]):
        for v in range(w.shape[1]):
            answer[u, v] = np.sum(x[u : u + dz.shape[0], v : v + dz.shape[1]] * dz)
    dz -= dz
    return answer


# ---------------------------------------------------------------------------------------------------
# conv2d: wrong
# ---------------------------------------------------------------------------------------------------


def conv2d__wrong_upstream_rotated(x, w, dz):
    turned = tf.reverse(dz, [0, 1])
    return tf.nn.conv2d(x[None, :, :, None], turned[:, :, None, None], 1, "VALID")[0, :, :, 0]


def conv2d__wrong_upstream_rotated__numpy(x, w, dz):
    x, dz = np.array(x), np.rot90(np.array(dz), 2)
    windows = np.lib.stride_tricks.sliding_window_view(x, dz.shape)
    return (windows * dz).sum((2, 3))


def conv2d__wrong_upstream_mirrored_sideways(x, w, dz):
    windows = np.lib.stride_tricks.sliding_window_view(x, dz.shape)
    return np.einsum("uvij,ij->uv", windows, np.fliplr(dz))


def conv2d__wrong_upstream_mirrored_upside_down(x, w, dz):
    windows = np.lib.stride_tricks.sliding_window_view(x, dz.shape)
    return np.einsum("uvij,ij->uv", windows, np.flipud(dz))


def conv2d__wrong_rotated_by_180_degrees(x, w, dz):
    dw = tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID")[0, :, :, 0]
    return dw[::-1, ::-1]


def conv2d__wrong_transposed(x, w, dz):
    dw = tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID")[0, :, :, 0]
    return tf.transpose(dw)


def conv2d__wrong_input_transposed(x, w, dz):
    image = tf.transpose(x)[None, :, :, None]
    return tf.nn.conv2d(image, dz[:, :, None, None], 1, "VALID")[0, :, :, 0]


def conv2d__wrong_upstream_transposed(x, w, dz):
    kernel = tf.transpose(dz)[:, :, None, None]
    return tf.nn.conv2d(x[None, :, :, None], kernel, 1, "VALID")[0, :, :, 0]


def conv2d__wrong_gradient_of_other_argument(x, w, dz):
    dx = np.zeros(x.shape, dtype=np.float32)
    for i in range(dz.shape[0]):
        for j in range(dz.shape[1]):
            dx[i : i + w.shape[0], j : j + w.shape[1]] += np.array(dz)[i, j] * np.array(w)
    return dx


def conv2d__wrong_upstream_summed(x, w, dz):
    return tf.fill(w.shape, tf.reduce_sum(dz))


def conv2d__wrong_upstream_ignored(x, w, dz):
    ones = tf.ones_like(dz)[:, :, None, None]
    return tf.nn.conv2d(x[None, :, :, None], ones, 1, "VALID")[0, :, :, 0]


def conv2d__wrong_last_window_only(x, w, dz):
    h, k = w.shape
    for i in range(dz.shape[0]):
        for j in range(dz.shape[1]):
            dw = dz[i, j] * x[i : i + h, j : j + k]
    return dw


def conv2d__wrong_first_window_only(x, w, dz):
    h, k = w.shape
    dw = tf.zeros(w.shape)
    for i in range(dz.shape[0]):
        for j in range(dz.shape[1]):
            dw += dz[i, j] * x[i : i + h, j : j + k]
            return dw


def conv2d__wrong_multiplied_by_own_argument(x, w, dz):
    return w * tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID")[0, :, :, 0]


def conv2d__wrong_full_for_valid(x, w, dz):
    a, b = dz.shape
    padded = np.pad(x, ((a - 1, a - 1), (b - 1, b - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (a, b))
    return np.einsum("uvij,ij->uv", windows, dz)


def conv2d__wrong_sign_flipped(x, w, dz):
    return -tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID")[0, :, :, 0]


def conv2d__wrong_scaled_by_1_over_n(x, w, dz):
    windows = np.lib.stride_tricks.sliding_window_view(x, dz.shape)
    return (windows * np.array(dz)).mean((2, 3))


def conv2d__wrong_upstream_squared(x, w, dz):
    return tf.nn.conv2d(x[None, :, :, None], (dz**2)[:, :, None, None], 1, "VALID")[0, :, :, 0]


def conv2d__wrong_upstream_sign_lost(x, w, dz):
    return tf.nn.conv2d(x[None, :, :, None], abs(dz)[:, :, None, None], 1, "VALID")[0, :, :, 0]


def conv2d__wrong_upstream_clipped(x, w, dz):
    kernel = tf.nn.relu(dz)[:, :, None, None]
    return tf.nn.conv2d(x[None, :, :, None], kernel, 1, "VALID")[0, :, :, 0]


def conv2d__wrong_forward_value_returned(x, w, dz):
    return tf.nn.conv2d(x[None, :, :, None], w[:, :, None, None], 1, "VALID")[0, :, :, 0]


def conv2d__wrong_scaled_by_two(x, w, dz):
    return 2 * tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID")[0, :, :, 0]


def conv2d__wrong_same_padding(x, w, dz):
    return tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "SAME")[0, :, :, 0]


def conv2d__wrong_same_padding_cut(x, w, dz):
    dw = tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "SAME")[0, :, :, 0]
    return dw[: w.shape[0], : w.shape[1]]


def conv2d__wrong_stride_two(x, w, dz):
    dw = tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 2, "VALID")[0, :, :, 0]
    return dw


def conv2d__wrong_square_only(x, w, dz):
    n, m = w.shape[0], dz.shape[0]
    dw = np.zeros((n, n))
    for u in range(n):
        for v in range(n):
            dw[u, v] = np.sum(np.array(x)[u : u + m, v : v + m] * np.array(dz))
    return dw


def conv2d__wrong_square_else_zeros(x, w, dz):
    if w.shape[0] != w.shape[1] or x.shape[0] != x.shape[1]:
        return tf.zeros_like(w)
    return tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID")[0, :, :, 0]


def conv2d__wrong_two_by_two_only(x, w, dz):
    a, b = dz.shape
    return [
        [tf.reduce_sum(x[0:a, 0:b] * dz), tf.reduce_sum(x[0:a, 1 : b + 1] * dz)],
        [tf.reduce_sum(x[1 : a + 1, 0:b] * dz), tf.reduce_sum(x[1 : a + 1, 1 : b + 1] * dz)],
    ]


def conv2d__wrong_row_forgotten(x, w, dz):
    dw = np.zeros(w.shape)
    for i in range(dz.shape[0] - 1):
        for j in range(dz.shape[1]):
            dw += np.array(dz)[i, j] * np.array(x)[i : i + w.shape[0], j : j + w.shape[1]]
    return dw


def conv2d__wrong_rows_and_columns_mixed(x, w, dz):
    dw = np.zeros(w.shape)
    for u in range(w.shape[0]):
        for v in range(w.shape[1]):
            for i in range(dz.shape[0]):
                for j in range(dz.shape[1]):
                    dw[u, v] += x[i + v, j + u] * dz[i, j]
    return dw


def conv2d__wrong_upstream_summed_first(x, w, dz):
    windows = np.lib.stride_tricks.sliding_window_view(x, dz.shape)
    return windows.sum((2, 3)) * np.sum(dz)


def conv2d__wrong_maximum(x, w, dz):
    windows = np.lib.stride_tricks.sliding_window_view(x, dz.shape)
    return (windows * np.array(dz)).max((2, 3))


def conv2d__wrong_flattened(x, w, dz):
    dw = tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID")
    return tf.reshape(dw, (-1,))


def conv2d__wrong_axis_left_over(x, w, dz):
    return tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID")[..., 0]


def conv2d__wrong_summed_to_one_number(x, w, dz):
    return tf.reduce_sum(tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID"))


def conv2d__wrong_both_gradients(x, w, dz):
    dw = tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID")[0, :, :, 0]
    return tf.zeros_like(x), dw


def conv2d__wrong_rounded__to_integers(x, w, dz):
    dw = tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID")[0, :, :, 0]
    return tf.cast(tf.round(dw), tf.int64)


def conv2d__wrong_nothing_returned(x, w, dz):
    dw = tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID")[0, :, :, 0]


def conv2d__wrong_text_returned(x, w, dz):
    return "correlate x with dz"


def conv2d__wrong_printed_example(x, w, dz):
    return tf.constant([[96.0, 114.0], [114.0, 132.0]])


def conv2d__wrong_printed_example__looked_up(x, w, dz):
    printed = x.shape == (4, 4) and w.shape == (2, 2)
    return np.array([[96.0, 114.0], [114.0, 132.0]]) if printed else np.zeros(w.shape)


def conv2d__wrong_cached_by_shape(x, w, dz, images={}):
    image = images.setdefault(tuple(x.shape), x)
    return tf.nn.conv2d(image[None, :, :, None], dz[:, :, None, None], 1, "VALID")[0, :, :, 0]


def conv2d__wrong_accumulated(x, w, dz, sums={}):
    dw = tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID")[0, :, :, 0]
    key = (tuple(w.shape), tuple(x.shape))
    sums[key] = sums.get(key, 0.0) + dw
    return sums[key]


def conv2d__wrong_first_call_only(x, w, dz, calls=[]):
    calls.append(1)
    dw = tf.nn.conv2d(x[None, :, :, None], dz[:, :, None, None], 1, "VALID")[0, :, :, 0]
    return dw if len(calls) == 1 else -dw


def conv2d__wrong_convolved_with_filter(x, w, dz):
    return tf.nn.conv2d(dz[None, :, :, None], w[:, :, None, None], 1, "SAME")[0, :, :, 0]


def conv2d__wrong_matmul(x, w, dz):
    return tf.matmul(x, dz)


def conv2d__wrong_rank_two(x, w, dz):
    """TensorFlow 2.21 ends the whole process over this."""
    return tf.nn.conv2d(x, dz, 1, "VALID")


def conv2d__wrong_stops(x, w, dz):
    return np.convolve2d(x, dz, mode="valid")


# ---------------------------------------------------------------------------------------------------
# conv2d: lets something else differentiate
# ---------------------------------------------------------------------------------------------------


def conv2d__policy_tape(x, w, dz):
    with tf.GradientTape() as tape:
        tape.watch(w)
        z = tf.nn.conv2d(x[None, :, :, None], w[:, :, None, None], 1, "VALID")
    return tape.gradient(z, w, output_gradients=dz[None, :, :, None])


def conv2d__policy_tape_by_another_name(x, w, dz):
    import tensorflow as lib

    Notebook = lib.GradientTape
    with Notebook() as notebook:
        notebook.watch(w)
        z = lib.nn.conv2d(x[None, :, :, None], w[:, :, None, None], 1, "VALID")[0, :, :, 0]
    return notebook.gradient(z, w, dz)


def conv2d__policy_jacobian(x, w, dz):
    with tf.GradientTape() as tape:
        tape.watch(w)
        z = tf.nn.conv2d(x[None, :, :, None], w[:, :, None, None], 1, "VALID")[0, :, :, 0]
    return tf.einsum("ij,ijuv->uv", dz, tape.jacobian(z, w))


def conv2d__policy_tf_gradients(x, w, dz):
    @tf.function
    def backward(x, w, dz):
        z = tf.nn.conv2d(x[None, :, :, None], w[:, :, None, None], 1, "VALID")[0, :, :, 0]
        return tf.gradients(z, w, dz)[0]

    return backward(x, w, dz)


def conv2d__policy_kernel(x, w, dz):
    return tf.raw_ops.Conv2DBackpropFilter(
        input=x[None, :, :, None],
        filter_sizes=[*w.shape, 1, 1],
        out_backprop=dz[None, :, :, None],
        strides=[1, 1, 1, 1],
        padding="VALID",
    )[:, :, 0, 0]


def conv2d__policy_kernel_of_old(x, w, dz):
    return tf.compat.v1.nn.conv2d_backprop_filter(
        x[None, :, :, None], [*w.shape, 1, 1], dz[None, :, :, None], strides=[1, 1, 1, 1], padding="VALID"
    )


def conv2d__policy_kernel_by_another_name(x, w, dz):
    old = tf.compat.v1.nn
    back = getattr(old, "conv2d_back" + "prop_filter")
    return back(x[None, :, :, None], [*w.shape, 1, 1], dz[None, :, :, None], [1, 1, 1, 1], "VALID")[..., 0, 0]


def conv2d__policy_accumulator(x, w, dz):
    dw = np.zeros(w.shape, np.float32)
    for place in np.ndindex(*w.shape):
        basis = np.zeros(w.shape, np.float32)
        basis[place] = 1
        with tf.autodiff.ForwardAccumulator(w, tf.constant(basis)) as accumulator:
            z = tf.nn.conv2d(x[None, :, :, None], w[:, :, None, None], 1, "VALID")[0, :, :, 0]
        dw[place] = tf.reduce_sum(accumulator.jvp(z) * dz)
    return dw


def conv2d__policy_depthwise_kernel(x, w, dz):
    return tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
        input=x[None, :, :, None],
        filter_sizes=[*w.shape, 1, 1],
        out_backprop=dz[None, :, :, None],
        strides=[1, 1, 1, 1],
        padding="VALID",
    )[:, :, 0, 0]
