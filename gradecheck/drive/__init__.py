"""Asking a student's code where a call with arrays is not enough: a class, a graph, a function of functions.

An exercise names its driver. The driver runs where the student's code runs, in the worker or in the student's
own notebook; it holds no right answer, and gives back arrays, which the judge compares with the oracles'.
Only the drivers of this table can be named.
"""

from collections.abc import Mapping

from gradecheck.drive import descent, engine, numerical, paths, registering, training
from gradecheck.drive.driver import Driver
from gradecheck.graph import GradientDescentOptimizer, RegisterGradient, compute_gradients
from gradecheck.graph.descent import descent_step

_OPTIMIZER = (GradientDescentOptimizer.minimize, descent_step.compute)
DRIVERS: Mapping[str, Driver] = {
    "numerical_gradient": Driver(numerical.drive),
    "chain_paths": Driver(paths.drive),
    "register": Driver(registering.drive, (RegisterGradient.__init__, RegisterGradient.__call__)),
    "engine": Driver(engine.drive, (compute_gradients, descent_step.compute)),
    "descent": Driver(descent.drive, _OPTIMIZER),
    "training": Driver(training.drive, (compute_gradients, *_OPTIMIZER)),
}
