"""The step of the continuous-time network as a program for the sequence kernel: its solvers."""

from .step_program import Elementwise, Product

# Explicit Runge-Kutta methods: the weights of the slopes in each further stage, and in the result.
TABLEAUS = {
    "euler": ((), (1.0,)),
    "heun": (((1.0,),), (1 / 2, 1 / 2)),
    "rk4": (((1 / 2,), (0.0, 1 / 2), (0.0, 0.0, 1.0)), (1 / 6, 1 / 3, 1 / 3, 1 / 6)),
}
SOLVERS = ("euler", "exponential", "heun", "rk4")


def _advance(weights):
    """y + rate * sum_n weights_n (u_n - y_n), a step of a Runge-Kutta method; rate = dt / tau."""
    used = [(n, weight) for n, weight in enumerate(weights) if weight]

    def advance(y, rate, *stages):
        slopes = [
            weight * (stages[2 * m] - stages[2 * m + 1]) for m, (_, weight) in enumerate(used)
        ]
        return y + rate * sum(slopes[1:], slopes[0])

    return advance, [n for n, _ in used]


def ctrnn_program(activation, solver, substeps):
    """The program from y to new_y; x is the input I, rate is dt / tau of a sub-step (for the
    exponential solver: exp(-dt / tau))."""
    program = []

    def drive(y, u):
        """u = I + W sigma(y - theta)"""
        rates = Elementwise("r" + u, lambda y, theta: activation(y - theta), (y, "theta"))
        program.extend([rates, Product(u, ("r" + u,), "recurrent_kernel", "x")])

    for substep in range(substeps):
        start = f"y_{substep}" if substep else "y"
        end = f"y_{substep + 1}" if substep + 1 < substeps else "new_y"
        drive(start, f"u_{substep}")
        if solver == "exponential":
            relax = lambda y, u, decay: u + decay * (y - u)  # noqa: E731
            program.append(Elementwise(end, relax, (start, f"u_{substep}", "rate")))
            continue
        further, last = TABLEAUS[solver]
        stages = [(f"u_{substep}", start)]
        for number, weights in enumerate((*further, last), 1):
            advance, used = _advance(weights)
            out = end if number > len(further) else f"{start}.{number}"
            of = (start, "rate", *sum((stages[n] for n in used), ()))
            program.append(Elementwise(out, advance, of))
            if number <= len(further):
                stages.append((f"u_{substep}.{number}", out))
                drive(out, stages[-1][0])
    return program
