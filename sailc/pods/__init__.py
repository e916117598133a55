"""Pods: each runs one script apart from all others, and tells what it prints."""

from sailc.pods.base import Ended, Message, Pod, Running, Task
from sailc.pods.process import ProcessPod

__all__ = ["Ended", "Message", "Pod", "ProcessPod", "Running", "Task"]
