"""Compares what the template says with what exists: logical ids, types, and key properties."""

from .existing import NOT_COMPARED


def resources(template, made, announced):
    """Differences in logical ids and types, of what was made and of what the change set said."""
    wanted = {name: resource["Type"] for name, resource in template["Resources"].items()}
    there = {name: kind for name, (kind, _) in made.items()}
    return [
        f"{what}: {name} is {got.get(name)}, the template says {wanted.get(name)}"
        for what, got in (("the change set", announced), ("the stack", there))
        for name in sorted(wanted.keys() | got.keys())
        if wanted.get(name) != got.get(name)
    ]


def properties(template, made, values, readers):
    """Differences in the properties that are read, for each resource that the template describes."""
    found = []
    for name, (kind, identifier) in sorted(made.items()):
        if kind in NOT_COMPARED:
            continue
        if kind not in readers:
            found.append(f"{name}: nobody reads {kind}; teach existing.py, or say there why not")
            continue
        says = values.of(template["Resources"][name].get("Properties", {}))
        has = readers[kind](identifier)
        found += [
            f"{name}.{key}: it is {has[key]!r}, the template says {says[key]!r}"
            for key in has
            if key in says and plain(has[key]) != plain(says[key])
        ]
    return found


def plain(value):
    """The value so that what means the same is equal: numbers and booleans as text, lists of objects in one order."""
    if isinstance(value, dict):
        return {key: plain(it) for key, it in value.items() if it is not None}
    if isinstance(value, list):
        return sorted(map(plain, value), key=repr)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
