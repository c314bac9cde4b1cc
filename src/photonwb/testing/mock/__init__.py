"""Objects with everything filled in, for tests that need one and do not care which.

Each `mock_*` function takes the arguments of a class and chooses those that are not given, and the objects that they need in
turn. With `nwbfile` the object is also put where it belongs in that file. The choices are the same in every run.
"""
