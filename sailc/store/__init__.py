"""What is kept of runs: results under the hash of all that made them.

`Store(folder)` reads and writes `<folder>/.sail`; `Job` is one cell (a scenario and a seed),
`Run` what became of it. POSIX only: two runners on one store agree by `flock`.
"""

from sailc.store.claim import Claim
from sailc.store.run import Job, Run, Status, Watch
from sailc.store.store import Damaged, Store
from sailc.store.versions import versions

__all__ = ["Claim", "Damaged", "Job", "Run", "Status", "Store", "Watch", "versions"]
