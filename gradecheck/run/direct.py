"""Operations as they are, not each wrapped into a function of its own.

Where nothing else is said, TensorFlow makes a function of each kind of operation that runs eagerly, and
optimises that as it would a whole graph: 0.5 ms at the first use of each kind (measured with 2.21), which
every submission would pay forty times. The kernels and their numbers are the same without it.
"""

_CHOICE = "TFE_ContextOptionsSetRunEagerOpAsFunction"


def run_directly() -> None:
    """Have this process run operations directly; before the first one, after which it changes nothing.

    The choice is private to TensorFlow: where it moved, everything stays as usual. Loads TensorFlow.
    """
    from tensorflow.python import pywrap_tfe

    choose = getattr(pywrap_tfe, _CHOICE, None)
    if choose is not None:
        setattr(pywrap_tfe, _CHOICE, lambda options, _wrapped: choose(options, False))
