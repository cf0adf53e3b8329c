"""A trained model out of its run folder."""

from common import checkpoints


def best_weights(run, model, *, without_cudnn=False):
    """Gives a freshly built model the run's best weights; returns what is known about them.

    Args:
        without_cudnn: for an export, whose graph must also run where there is no GPU.

    Returns:
        a dict with "step" and "scores".
    """
    stored, meta = checkpoints.load(run.checkpoints / "best.npz")
    checkpoints.assign("model", model.variables, stored)
    if without_cudnn:
        for layer in model._flatten_layers():
            if hasattr(layer, "use_cudnn"):
                layer.use_cudnn = False
    return meta
