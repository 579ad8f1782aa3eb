"""How the network is called."""

from pipeline.inferers.cpu_inferer import CpuInferer

__all__ = ["CpuInferer"]
