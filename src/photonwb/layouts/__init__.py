"""What other programs mean by what they write: names of signals, accepted regions, and the order of axes."""

from photonwb.layouts.traces import FLAGS, KINDS, Accepted, Traces, accepted_of, find_traces, only_traces, traces_of

__all__ = ["FLAGS", "KINDS", "Accepted", "Traces", "accepted_of", "find_traces", "only_traces", "traces_of"]
