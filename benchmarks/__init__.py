"""What photonwb costs, beside pynwb and beside the least that HDF5 itself allows.

`python -m benchmarks` runs everything; `--help` tells how to run less. The modules are one for each theme, `workload` says what a
workload is.
"""
