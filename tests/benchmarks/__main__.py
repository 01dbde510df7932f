"""`python -m tests.benchmarks screens …`, `import …`, `plan …` or `planning …`; see the modules."""

from __future__ import annotations

import sys

from tests.benchmarks import bench_import, bench_plan, bench_planning, bench_screens


def main() -> None:
    what, *arguments = sys.argv[1:] or ["screens"]
    if what == "screens":
        bench_screens.screens(arguments)
    elif what == "plan":
        bench_plan.main(arguments)
    elif what == "planning":
        bench_planning.main(arguments)
    elif what == "import":
        sys.argv = [sys.argv[0], *arguments]
        bench_import.main()
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
