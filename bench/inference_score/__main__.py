"""`python -m bench.inference_score`."""

import sys

from bench.inference_score.run import main

if __name__ == "__main__":
    sys.exit(main())
