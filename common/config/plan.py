"""The plan of a training: the fields of a configuration that may grow when a run is resumed."""

# Of `training`; the value that means "without limit", if there is one.
GROWING = {"epochs": None, "steps": 0, "patience": 0}


def plan_grown(old, new) -> list[str]:
    """The fields of the plan that are larger in `new`, as `json_form.differences` writes them.

    A run may be resumed for more epochs, more updates or with more patience than it was planned
    for; every other field has shaped what it has learned.
    """
    before, after = (getattr(config, "training", config) for config in (old, new))
    grown = []
    for name, unlimited in GROWING.items():
        values = [getattr(part, name, None) for part in (before, after)]
        if None in values or values[0] == values[1] or values[0] == unlimited:
            continue
        if values[1] == unlimited or values[1] > values[0]:
            prefix = "training." if before is not old else ""
            grown.append(f"{prefix}{name}: {values[0]} -> {values[1]}")
    return grown
