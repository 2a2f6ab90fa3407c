"""Stands in for a camera's process: does what its source says, and starts at once."""

import json
import os
import sys
import time


def main() -> None:
    order = json.load(sys.stdin)
    deed = order["source"].rpartition("/")[2]
    frames = 0
    print(f"reading {order['name']} as {deed}", file=sys.stderr, flush=True)
    print(json.dumps({"state": "starting"}), flush=True)
    if deed == "end":
        sys.exit(3)
    while True:
        frames += 30
        rss = 5000 if deed == "grow" else 300
        pulse = {"state": "running", "frames": frames, "dropped": frames // 30, "rss_mb": rss}
        pulse |= {"fps": 30.0, "p95_ms": 21, "source": "", "events": {"letter": frames // 30}}
        pulse["failed"] = ["faces"] if deed == "half" else []
        try:
            os.write(1, json.dumps(pulse).encode() + b"\n")
        except BrokenPipeError:
            return
        if deed == "hang":
            time.sleep(1000)
        time.sleep(0.01)


if __name__ == "__main__":
    main()
